"""What the image holds besides the pipeline itself."""
