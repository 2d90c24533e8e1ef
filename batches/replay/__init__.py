"""Playing recorded process data into a batch, over the public REST interface alone.

A file is read twice: once for its times, to know where in the batch's life it goes, once for its values.
"""
