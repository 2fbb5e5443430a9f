"""One value of a settings file changed, and nothing else."""

import pytest

from passerelle.core import settings_text
from passerelle.core.errors import SettingsError

NODE = '[node]\nname = "be"\ncountry = "BE"\nlanguages = ["fr"]\ntimezone = "Europe/Brussels"\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[store]\nurl = "store.db"\n', '[store]\nurl = "new # 1.db"\n'),
        (
            '[store]\n# here\nurl = "a#b.db"   # on this disk\n',
            '[store]\n# here\nurl = "new # 1.db"   # on this disk\n',
        ),
        ("[store]  # empty\n", '[store]  # empty\nurl = "new # 1.db"\n'),
        ("[lease]\nseconds = 12\n", '[lease]\nseconds = 12\n\n[store]\nurl = "new # 1.db"\n'),
        ("store = {url = 'x.db'}\n", None),
        ("[store]\nurl = '''\nx.db'''\n", None),
    ],
)
def test_one_value_changes_and_comments_stay(before, after):
    text = before + NODE if before.startswith("store =") else NODE + before
    if after is None:
        with pytest.raises(SettingsError, match=r"expected store\.url on a line of its own"):
            settings_text.replaced(text, "store", "url", "new # 1.db")
        return
    assert settings_text.replaced(text, "store", "url", "new # 1.db") == NODE + after
