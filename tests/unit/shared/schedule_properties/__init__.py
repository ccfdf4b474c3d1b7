"""What must hold for every schedule, in every zone of the world, at every change of its clocks in two years.

`make test` looks at one zone of each kind and at a fixed choice of examples; `make properties` at every zone and at
many more, from a seed that it prints.
"""
