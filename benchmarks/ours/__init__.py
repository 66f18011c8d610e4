"""What is measured of tfgen itself, in a process of its own."""
