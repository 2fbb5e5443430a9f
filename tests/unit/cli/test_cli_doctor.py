"""`passerelle doctor`: a node that is well, one thing broken at a time, and a node that cannot be opened."""

import shutil

from tests.unit.cli.scene import call, served, value


def findings(result):
    return {(one["check"], one["level"]) for one in result.json}


def look(folder, *options):
    return call("doctor", folder, "--json", *options)


def test_two_nodes_that_are_well(partners):
    partners.open()
    with served(partners.ma), served(partners.be):
        result = look(partners.be)
        assert result.code == 0, result
        assert {level for _, level in findings(result)} <= {"ok", "warning"}
        assert ("partners", "ok") in findings(result)
        assert ("serving", "ok") in findings(result)
        assert ("logs", "ok") in findings(result)
        text = call("doctor", partners.be).out
        assert "ma answers" in text
        assert "entries hold" in text
        assert "Amraoui" not in text + result.out
        assert "BE-2026" not in text + result.out


def test_a_partner_who_is_away_and_nobody_serving(partners):
    result = look(partners.be, "--wait", 1)
    assert result.code == 1
    assert {("partners", "error"), ("serving", "error")} <= findings(result)
    todo = {one["check"]: one["todo"] for one in result.json}
    assert todo["serving"] == f"passerelle serve {partners.be}"
    assert not {check for check, _ in findings(look(partners.be, "--offline", "--quick"))} & {"partners", "logs"}


def test_files_that_others_can_read(partners):
    partners.be.chmod(0o777)
    (partners.be / "tls.key").chmod(0o644)
    result = look(partners.be, "--offline")
    told = [one for one in result.json if one["check"] == "permissions"]
    assert [one["todo"] for one in told] == [
        f"chmod go-w {partners.be}",
        f"chmod go= {partners.be}/tls.key",
    ]
    assert result.code == 1


def test_a_node_that_cannot_be_opened(partners):
    shutil.copy(partners.ma / "keys" / "log.key", partners.be / "keys" / "log.key")
    result = look(partners.be)
    assert result.code == 1
    assert ("node", "error") in findings(result)
    assert "the node cannot be opened: " in str(result.json)
    (partners.be / "keys" / "log.key").unlink()
    result = look(partners.be)
    assert ("node", "error") in findings(result)


def test_no_node_at_all(tmp_path):
    result = look(tmp_path / "nowhere")
    assert result.code == 1
    assert ("node", "error") in findings(result)


def test_a_person_without_a_role_is_told_so(partners):
    assert call("doctor", partners.be, "--as", "nobody").code == 4


def test_an_unconfirmed_partner(strangers):
    value("partner", "suspend", strangers.be, "ma")
    assert ("partners", "warning") in findings(look(strangers.be, "--quick"))


def test_a_register_of_erasures_that_cannot_be_read(partners):
    (partners.be / "erasures.jsonl").write_text("junk\n")
    result = look(partners.be, "--offline", "--quick")
    assert ("erasures", "error") in findings(result)
    assert "erasures.jsonl: expected the register of erasures of be" in result.out
