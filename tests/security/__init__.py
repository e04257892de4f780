"""Does nobody get in who must not, and does nobody do what is not theirs to do?"""
