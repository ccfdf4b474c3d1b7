"""The moving parts of the one scheduler, one small file each."""
