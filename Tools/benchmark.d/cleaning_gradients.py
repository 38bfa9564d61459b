"""Pictures as histograms of oriented gradients (Dalal and Triggs 2005), with the sizes of the command's."""
import numpy as np

DIRECTIONS, CUT = 8, 0.4


def oriented_gradients(pictures, chunk=1000):
    """[n, channels, height, width] in [0, 1] to [n, rows * columns * DIRECTIONS] in [0, 1]."""
    return np.concatenate([_histograms(pictures[i:i + chunk]) for i in range(0, len(pictures), chunk)])


def _histograms(pictures):
    n, _, height, width = pictures.shape
    across, down = np.zeros_like(pictures), np.zeros_like(pictures)
    across[..., 1:-1] = pictures[..., 2:] - pictures[..., :-2]
    down[..., 1:-1, :] = pictures[..., 2:, :] - pictures[..., :-2, :]
    strongest = (across**2 + down**2).argmax(1)[:, None]  # of the channels
    across, down = (np.take_along_axis(part, strongest, 1)[:, 0] for part in (across, down))
    magnitude = np.hypot(across, down)
    place = np.arctan2(down, across) / (2 * np.pi) % 1 * DIRECTIONS
    lower = np.floor(place).astype(int)
    share = place - lower
    rows, columns = (min(8, max(1, size // 4)) for size in (height, width))
    cell = (np.arange(height) * rows // height)[:, None] * columns + np.arange(width) * columns // width
    bins = np.arange(n)[:, None, None] * (rows * columns) + cell
    histograms = np.zeros(n * rows * columns * DIRECTIONS)
    for direction, weight in ((lower, 1 - share), (lower + 1, share)):
        histograms += np.bincount(
            (bins * DIRECTIONS + direction % DIRECTIONS).ravel(), (magnitude * weight).ravel(), len(histograms))
    histograms = histograms.reshape(n, rows, columns, DIRECTIONS)
    squares = np.pad((histograms**2).sum(-1), ((0, 0), (1, 1), (1, 1)), mode="edge")
    blocks = squares[:, :-1, :-1] + squares[:, 1:, :-1] + squares[:, :-1, 1:] + squares[:, 1:, 1:]
    norms = np.sqrt(blocks + 0.01 * height * width / (rows * columns))
    around = [norms[:, y:y + rows, x:x + columns, None] for y in (0, 1) for x in (0, 1)]
    result = np.mean([np.minimum(histograms / norm, CUT) for norm in around], axis=0) / CUT
    return result.reshape(n, -1).astype(np.float32)
