"""The demo: programs of one sponsor, a rival's, and a year of their life, as data that actions load.

The data stand in modules without logic; the loading modules only call the product's own actions, as the
people who would have taken them. An action seals at the moment it is taken, so every record here was
*recorded* while the demo was loaded: what is older was copied in from the manufacturer's quality system on
that day, as it would be when a running program moves onto the portal, and says so. Dates of occurrence,
discovery and awareness are those of the stories.
"""
