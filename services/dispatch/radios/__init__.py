"""The radios of units: who carries which, how it was tested, whether it is heard (R-OS-07)."""
