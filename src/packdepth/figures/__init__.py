"""One module per figure, each with `draw(study, path)`; a figure reads only result files, and none needs torch.

A module's name is the figure's name in params.yaml; names that begin with _ are shared helpers.
"""
