"""The states of a run and of a message: enum, transition table and Mermaid diagram say the same."""

import re

import pytest

from shared.models import queue, runs

ARROW = re.compile(r"^\s*(\[\*]|\w+) --> (\w+)\s*$", re.MULTILINE)
MACHINES = [
    pytest.param(runs, runs.RunState, runs.LIVE, (), id="runs"),
    pytest.param(queue, queue.QueueState, queue.LIVE, queue.HELD, id="queue"),
]


def arrows(module) -> set[tuple[str, str]]:
    diagram = re.search(r"```mermaid\nstateDiagram-v2\n(.*?)```", module.__doc__, re.DOTALL)
    found = ARROW.findall(diagram[1])
    assert len(found) == len(diagram[1].strip().splitlines()), "a line of the diagram is no arrow"
    assert len(found) == len(set(found)), "an arrow is drawn twice"
    return set(found)


@pytest.mark.parametrize(("module", "states", "live", "held"), MACHINES)
def test_the_diagram_draws_exactly_the_transition_table(module, states, live, held):
    table = {(str(before), str(after)) for before, nexts in module.TRANSITIONS.items() for after in nexts}
    assert arrows(module) == table | {("[*]", "pending")}


@pytest.mark.parametrize(("module", "states", "live", "held"), MACHINES)
def test_every_state_is_in_the_table_and_can_be_reached(module, states, live, held):
    assert set(module.TRANSITIONS) == set(states)
    reached, found = set(), {states.PENDING}
    while found:
        reached |= found
        found = {after for state in found for after in module.TRANSITIONS[state]} - reached
    assert reached == set(states)


@pytest.mark.parametrize(("module", "states", "live", "held"), MACHINES)
def test_live_held_and_terminal_share_out_all_states(module, states, live, held):
    assert sorted([*live, *held, *module.TERMINAL]) == sorted(states)


@pytest.mark.parametrize(("module", "states", "live", "held"), MACHINES)
def test_a_live_state_always_has_a_way_on(module, states, live, held):
    assert all(module.TRANSITIONS[state] for state in (*live, *held))


def test_a_terminal_run_never_changes_again():
    assert not any(runs.TRANSITIONS[state] for state in runs.TERMINAL)


def test_only_a_person_wakes_a_finished_message():
    woken = {state for state in queue.TERMINAL if queue.QueueState.PENDING in queue.TRANSITIONS[state]}
    assert woken == {"failed", "dead", "bounced", "suppressed"}


def test_a_sent_message_changes_only_by_what_the_provider_tells_later():
    assert set(queue.TRANSITIONS[queue.QueueState.SENT]) == {"delivered", "bounced"}


@pytest.mark.parametrize(("module", "states", "live", "held"), MACHINES)
def test_each_state_has_its_line_of_meaning(module, states, live, held):
    with open(module.__file__, encoding="utf-8") as source:
        text = source.read()
    for state in states:
        assert re.search(rf'^    {state.name} = "{state.value}"  # \S', text, re.MULTILINE), state
