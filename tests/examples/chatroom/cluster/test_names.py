"""Names that belong to one member of the whole cluster."""

from collections.abc import Iterator

import pytest

pytest.importorskip("hiredis", reason="needs the extra [redis]")
pytest.importorskip("lupa", reason="needs lupa, which runs the engine's scripts")

from examples.chatroom.cluster.interface import Away, Granted, NameClaim, Taken
from tests.examples.chatroom.cluster.scene import Scene, TestNode

ADA = NameClaim("ada", 1, "Ada", now="proof")


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.close()


def claim(scene: Scene, node: TestNode, name: NameClaim) -> Granted | Taken | Away:
    answers: list[Granted | Taken | Away] = []
    node.feeds.claim(name, answers.append)
    scene.run_until(lambda: answers)
    return answers[0]


def test_a_name_belongs_to_one_member(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    assert claim(scene, a, ADA) == Granted()
    assert claim(scene, a, ADA) == Granted()
    taken = Taken("a", "a-1", 1, "Ada")
    assert claim(scene, b, NameClaim("ada", 1, "ADA")) == taken
    assert claim(scene, a, NameClaim("ada", 2, "ADA")) == taken
    scene.run(60)
    assert claim(scene, b, NameClaim("ada", 1, "ADA", before="wrong")) == taken
    a.feeds.release(ADA)
    scene.run(1)
    assert claim(scene, b, NameClaim("ada", 1, "ADA")) == Granted()
    a.feeds.release(ADA)  # it belongs to another member by now
    scene.run(30)
    assert claim(scene, a, ADA) == Taken("b", "b-1", 1, "ADA")
    assert (a.lost, b.lost) == ([], [])


def test_the_proof_takes_over_and_the_other_is_told(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    assert claim(scene, a, ADA) == Granted()
    assert claim(scene, b, NameClaim("ada", 5, "Ada", before="proof", now="new")) == Granted()
    scene.run(10)
    assert (a.lost, b.lost) == ([ADA], [])
    assert a.feeds.figures().names == 0
    assert claim(scene, a, NameClaim("ada", 1, "Ada", before="proof")) == Taken(
        "b", "b-1", 5, "Ada"
    )


def test_each_of_two_proofs_takes_over_but_no_part_of_one(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    assert claim(scene, a, NameClaim("ada", 1, "Ada", now="first second")) == Granted()
    for part in ("fir", "second x", " "):
        assert isinstance(claim(scene, b, NameClaim("ada", 5, "Ada", before=part)), Taken)
    assert claim(scene, b, NameClaim("ada", 5, "Ada", "second", "third")) == Granted()


def test_a_renewed_claim_has_its_new_proof_after_the_next_beat(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    assert claim(scene, a, ADA) == Granted()
    a.feeds.renew(NameClaim("ada", 1, "Ada", now="newer"))
    scene.run(10)
    assert isinstance(claim(scene, b, NameClaim("ada", 5, "Ada", "proof")), Taken)
    assert claim(scene, b, NameClaim("ada", 5, "Ada", "newer")) == Granted()


def test_no_proof_is_not_a_proof(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    bare = NameClaim("ada", 1, "Ada")
    assert claim(scene, a, bare) == Granted()
    assert isinstance(claim(scene, b, NameClaim("ada", 2, "Ada", before="")), Taken)


def test_the_name_of_a_node_that_vanished_is_free_after_a_while(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    claim(scene, a, ADA)
    a.feeds.end()
    scene.run(10)
    assert isinstance(claim(scene, b, ADA), Taken)
    scene.run(6)
    assert claim(scene, b, ADA) == Granted()


def test_the_loser_after_an_outage_is_told(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    claim(scene, a, ADA)
    scene.redis.kill()
    scene.run_until(lambda: not (a.feeds.up or b.feeds.up))
    assert claim(scene, b, ADA) == Away()
    mine = NameClaim("ada", 9, "ada")
    b.feeds.renew(mine)
    scene.run(30)
    scene.redis.start()
    scene.run_until(lambda: a.lost or b.lost)
    scene.run(30)
    assert sorted((a.lost, b.lost), key=len) == [[], a.lost or b.lost]
    assert a.lost + b.lost in ([ADA], [mine])


def test_an_outage_within_the_time_limit_changes_nothing(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    claim(scene, a, ADA)
    scene.redis.kill()
    scene.run(5)
    scene.redis.start()
    scene.run_until(lambda: a.feeds.up and b.feeds.up)
    assert isinstance(claim(scene, b, ADA), Taken)


def test_hundreds_of_names_are_kept(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    for number in range(400):
        a.feeds.claim(NameClaim(f"n{number}", number, f"n{number}"), lambda answer: None)
    scene.run(40)
    assert a.feeds.figures().names == 400
    for number in (0, 199, 399):
        assert isinstance(claim(scene, b, NameClaim(f"n{number}", 1, "x")), Taken)


def test_a_name_that_is_given_back_before_the_answer_is_not_held(scene: Scene) -> None:
    a, b = scene.nodes_up("a", "b")
    answers: list[Granted | Taken | Away] = []
    a.feeds.claim(ADA, answers.append)
    a.feeds.release(ADA)
    scene.run_until(lambda: answers)
    assert a.feeds.figures().names == 0
    scene.run(30)
    assert claim(scene, b, NameClaim("ada", 1, "ADA")) == Granted()
