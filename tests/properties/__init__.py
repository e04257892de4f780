"""What is true of the rules and of the money whatever comes; hypothesis looks for what is not."""
