"""Pure arithmetic on time: next fire, DST policy, misfire, overlap, back-off. No I/O, no clock."""
