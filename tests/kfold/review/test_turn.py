"""One page at a time writes; the others are told."""

import threading

from kfold.review.turn import Turn
from tests.kfold.review.server_requests import HEADER, put, turn


def test_only_the_page_with_the_turn_writes(server):
    with turn(server) as (first, news):
        with turn(server, "tab=b") as (second, _):
            assert (first, second) == (1, None)
        assert put(server, 2, HEADER)[0] == 409
        with turn(server, "tab=b&take=1") as (third, _):
            assert news() is None
            assert put(server, first, HEADER) == (409, "Another page edits these corrections.")
            assert put(server, third, HEADER)[0] == 200


def test_a_page_that_is_gone_leaves_its_turn(server):
    with turn(server):
        pass
    waited = 0
    while True:
        with turn(server, "tab=b") as (number, _):
            if number is not None or waited > 100:
                break
        waited += 1
    assert number is not None


def test_the_same_tab_takes_its_own_turn_again(server):
    with turn(server) as (_, news), turn(server) as (second, _):
        assert second == 2
        assert news() is None


def test_of_many_pages_at_once_one_has_the_turn():
    claims, turn = [], Turn()
    start = threading.Barrier(8)

    def claim(tab):
        start.wait()
        claims.append(turn.claim(tab, take=False))

    threads = [threading.Thread(target=claim, args=(str(tab),)) for tab in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (claim,) = filter(None, claims)
    assert turn.is_valid(f"{claim.number}")
    claim.end.close()
    claim.ended.close()
