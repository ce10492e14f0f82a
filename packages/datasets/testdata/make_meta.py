"""Writes meta.mat and labels.json: the layout of ILSVRC2012's meta.mat with made-up ids. scipy 1.10, numpy 1.24."""
import json
import numpy as np
from scipy.io import savemat

rng = np.random.default_rng(0)
ids = [f'n{10_000_000 + 37 * number:08d}' for number in rng.permutation(1000)]
fields = ['ILSVRC2012_ID', 'WNID', 'words', 'gloss', 'num_children', 'children', 'wordnet_height', 'num_train_images']
records = np.zeros((1003, 1), dtype=[(field, object) for field in fields])
for row in range(1003):
    leaf = row < 1000
    wnid = ids[row] if leaf else f'n{row:08d}'
    children = np.zeros((1, 0)) if leaf else np.array([[1, 2, 300]], dtype=np.uint16)
    counts = np.float64(children.size), children, np.uint8(3), np.uint16(1300)
    records[row, 0] = (np.float64(row + 1), wnid, f'word {row}, größe', '', *counts)
savemat('meta.mat', {'other': np.arange(5), 'synsets': records}, do_compression=True)
json.dump([sorted(ids).index(wnid) for wnid in ids], open('meta-labels.json', 'w'))
