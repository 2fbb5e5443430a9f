"""From tokens to names: the loops over postings, compiled by numba. They call no loop of another file, because numba
does not notice when such a one has changed.
"""

from typing import Any

from passerelle.names.compiled import compiled

_STEPS = 256


@compiled
def gather(
    starts: Any, postings: Any, tokens: Any, said: Any, unit: int, new: bool,
    sums: Any, seen: Any, touched: Any, count: int,
) -> int:  # fmt: skip
    """Adds to each name what one token of the question has in common with it, the most of its tokens; how many names
    are touched then.

    `tokens`: tokens of the index by falling `said` (nats). `seen`: the last unit that added to a name, 0 none; `unit`
    counts from 1. `new`: whether names without a sum get one. `touched`: the names with a sum, `count` so far.
    """
    for k in range(len(tokens)):
        token = tokens[k]
        more = said[k]
        for place in range(starts[token], starts[token + 1]):
            name = postings[place]
            if seen[name] != unit:
                if seen[name] == 0:
                    if not new:
                        continue
                    touched[count] = name
                    count += 1
                seen[name] = unit
                sums[name] += more
    return count


@compiled
def best(sums: Any, starts: Any, touched: Any, count: int, most: int, steps: Any, out: Any) -> int:
    """The names of the largest sums, less a tenth for each token: about `most`, at most `len(out)`; how many.

    `steps`: space for 256 counts.
    """
    top = 0.0
    for k in range(count):
        name = touched[k]
        sums[name] -= 0.1 * (starts[name + 1] - starts[name])
        top = max(top, sums[name])
    if top <= 0.0:
        return 0
    for k in range(_STEPS):
        steps[k] = 0
    for k in range(count):
        value = sums[touched[k]]
        if value > 0.0:
            steps[int(value / top * (_STEPS - 1))] += 1
    least, reached = _STEPS - 1, steps[_STEPS - 1]
    while least > 0 and reached < most:
        least -= 1
        reached += steps[least]
    found = 0
    for k in range(count):
        value = sums[touched[k]]
        if value > 0.0 and int(value / top * (_STEPS - 1)) > least:
            if found == len(out):
                return found
            out[found] = touched[k]
            found += 1
    for k in range(count):
        value = sums[touched[k]]
        if value > 0.0 and int(value / top * (_STEPS - 1)) == least:
            if found == len(out):
                return found
            out[found] = touched[k]
            found += 1
    return found


@compiled
def forget(sums: Any, seen: Any, touched: Any, count: int) -> None:
    """Makes sums and marks of the touched names zero again."""
    for k in range(count):
        sums[touched[k]] = 0.0
        seen[touched[k]] = 0
