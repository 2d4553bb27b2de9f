"""The directory: for members what CPTS did and whom to call, for everyone who they are."""
