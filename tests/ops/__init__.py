"""Does the operations console show what is so, refuse what it must, and look as it should?"""
