"""The radios that presses come from: tested, heard, and their carriers not forgotten (R-OS-07, R-OS-08)."""
