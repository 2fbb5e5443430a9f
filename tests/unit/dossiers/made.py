"""A type that is made for tests: the shortest shipped one, with the words of type files that it does without."""

from importlib import resources

L = '{ en = "x", fr = "x", nl = "x", ar = "x" }'
WAYS = 'transitions = [{ from = ["@open"], to = "@same" }]'
ACTS = f"""
[figures.remaining]
duration = "P6M"
labels = {L}

[acts.follow]
by = "either"
rank = 40
{WAYS}
labels = {L}
help = {L}
rules = [{{ names = {{ act = ["seen"], where = {{ sure = [true] }} }} }}]
[acts.follow.body]
required = ["message"]
[acts.follow.body.properties]
message = {{ "$ref" = "#/$defs/id", x-labels = {L} }}

[acts.share]
by = "either"
rank = 40
{WAYS}
labels = {L}
help = {L}
rules = [{{ no_lower_than = {{ act = ["share"], field = "mark", order = ["clear", "green", "red"] }} }}]
[acts.share.body.properties]
mark = {{ enum = ["clear", "green", "red"], x-values = {{ clear = {L}, green = {L}, red = {L} }}, x-labels = {L} }}
"""
CHANGED = {
    'name = "listed-person"': 'name = "sample"\nservices = ["police"]',
    'required = ["list", "number", "listed_on"]\n[acts.notice.body.properties]': (
        f'required = ["list", "number", "listed_on"]\n[acts.notice.body.properties]\n'
        f'left = {{ "$ref" = "#/$defs/duration", x-labels = {L} }}'
    ),
    'opening = true\nby = "opener"': (
        'opening = true\nfigures = [{ field = "left", at_least = "remaining" }]\nby = "opener"'
    ),
    "[acts.seen.body.properties]": f'[acts.seen.body.properties]\nsure = {{ type = "boolean", x-labels = {L} }}',
}

DEADLINES = f"""
[deadlines.before]
owner = "opener"
runs_from = [{{ act = "plan" }}]
since = "day"
back = true
anew = true
ends_at = [{{ act = "share" }}, {{ act = "close" }}]
duration = {{ standard = "P21D" }}
days = "calendar"
labels = {L}

[acts.plan]
by = "opener"
judicial = true
rank = 30
{WAYS}
labels = {L}
help = {L}
[acts.plan.body]
required = ["day"]
[acts.plan.body.properties]
day = {{ "$ref" = "#/$defs/future-date", x-labels = {L} }}
"""


def text() -> str:
    """The file of the type `sample`."""
    made = (resources.files("passerelle.catalogue") / "listed-person.toml").read_text("utf-8")
    for old, new in CHANGED.items():
        assert made.count(old) == 1, old
        made = made.replace(old, new)
    return made + ACTS + DEADLINES
