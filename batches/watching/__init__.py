"""Early signals by statistics: what is learned from reference batches, and what a running one shows.

Pure: numpy and the standard library, no models, no clock, no chance. The same runs give the same model to
the last digit, the same readings the same signals, in whatever order either came.

- `quantiles`: the limits of normal, chi-square and F laws;
- `charts`: Shewhart, EWMA and CUSUM charts, and how wide a block must be for its neighbour to be news;
- `nelson`: the eight rules, in a stated dialect;
- `runs`: a batch on the grid of its phases;
- `profiles`: envelope and level of each parameter, learned from good batches;
- `plane`, `golden`: principal components with T2, SPE and contributions; the golden batch;
- `forecast`: when a line will cross a limit, with an interval that is right as often as it says;
- `model`: all of it as one record that can be written down, signed, and read again.
"""
