"""What people hold open: the consoles of the control room and the terminals of units, as clients of the public API.

replicas    several addresses of which any will do
following   a stream that is begun again where it broke off
console     emergencies, shown and confirmed; board: incidents, units and tasks; terminal: one unit's assignments
screens     each of them drawn for a terminal; show: `peel watch`
"""
