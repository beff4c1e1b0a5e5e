"""Events to state: a pure function, event by event.

One decision: an event that could not have happened changes nothing and is refused in a sentence, by a store before it
is added and by `aurora redteam verify` afterwards alike. So what stands in a log that replays was allowed when it was
done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn

from aurora.errors import UserError
from aurora.redteam.review.log.contents import (
    Content,
    Head,
    Item,
    Person,
    PolicyVersion,
    Reveal,
    Review,
    Settings,
    Step,
    Vote,
)
from aurora.redteam.review.log.deciding import enter, settle
from aurora.redteam.review.log.event import Event, EventKind, content_of
from aurora.redteam.review.log.state import Done, Given, ItemState, Room, State

OF_ADMINS: tuple[EventKind, ...] = ("settings", "reviewer", "import", "requeue")
OF_ADJUDICATORS: tuple[EventKind, ...] = ("adjudication", "reveal")
OF_ITEMS: tuple[EventKind, ...] = ("import", "review", "undo", "redo", "adjudication", "vote")


def replay(events: Iterable[Event]) -> State:
    """The state that all events come to; `UserError` names the first that could not have happened."""
    state = State()
    for event in events:
        apply(state, event)
    return state


def apply(state: State, event: Event) -> None:
    """Change a state by the event that comes next; `UserError`, and nothing is changed, if it cannot come next."""
    try:
        content = event.content
        _may_come(state, event)
        _HANDLERS[event.kind](state, event, content)
    except UserError as error:
        raise UserError(f"Event {event.number} ({event.kind}): {error}") from error
    state.count += 1
    state.last = event.link
    if event.token:
        state.tokens[event.token] = event.number


def _may_come(state: State, event: Event) -> None:
    """Whether the event follows the last one, and its author may do such a thing."""
    if event.number != state.count:
        _refuse(f"event {state.count} comes next; read the log again.")
    if event.previous != state.last:
        _refuse("it does not follow the event before it; read the log again.")
    if event.token and event.token in state.tokens:
        _refuse(f"its token was used by event {state.tokens[event.token]}: it has been done already.")
    if (event.kind == "head") != (state.head is None):
        _refuse("a log begins with its head, and has one.")
    if (event.item is not None) != (event.kind in OF_ITEMS):
        _refuse("it names an item it cannot be about." if event.item else "it names no item.")
    if (event.policy is not None) != (event.kind in ("review", "adjudication")):
        _refuse("only a review and an adjudication are given under a clause.")
    if event.kind == "head":
        return
    person = state.people.get(event.who)
    if person is None or not person.active:
        _refuse(f"{event.who} takes no part in this project.")
    if person.role != event.role:
        _refuse(f"{event.who} is {person.role}, not {event.role}.")
    if event.kind in OF_ADMINS and person.role != "admin":
        _refuse(f"only an admin may do this, and {event.who} is {person.role}.")
    if event.kind in OF_ADJUDICATORS and person.role == "reviewer":
        _refuse(f"only an adjudicator or an admin may do this, and {event.who} is {person.role}.")


def _head(state: State, event: Event, content: Head) -> None:
    if event.role != "admin":
        _refuse("whoever begins a project is its admin.")
    if len({policy.id for policy in content.policies}) < len(content.policies):
        _refuse("two policies have the same id.")
    state.head, state.settings = content, content.settings
    state.labels = {label.id: label for label in content.settings.labels}
    for policy in content.policies:
        state.adopt(policy)
    state.people[event.who] = Person(id=event.who, role="admin")


def _settings(state: State, event: Event, content: Settings) -> None:
    """What is decided stays decided; what is not, is decided by the new settings."""
    _keep_before(event, "settings", state.settings)
    if lost := [label for label in state.labels if label not in {one.id for one in content.labels}]:
        _refuse(f"the label {lost[0]} would be lost: labels can be added and reworded, not removed.")
    if moved := [one.id for one in content.labels if one.id in state.labels and _other_sense(state, one.id, content)]:
        _refuse(f"the label {moved[0]} would mean something else: add a label instead.")
    state.settings = content
    state.labels = {label.id: label for label in content.labels}
    for item in state.items.values():
        if item.reviews and item.decision is None:
            settle(state, item)


def _other_sense(state: State, label: str, content: Settings) -> bool:
    earlier, later = state.labels[label], next(one for one in content.labels if one.id == label)
    return (earlier.keeps, earlier.kind) != (later.keeps, later.kind)


def _reviewer(state: State, event: Event, content: Person) -> None:
    _keep_before(event, "reviewer", state.people.get(content.id))
    admins = {one.id for one in state.people.values() if one.role == "admin" and one.active}
    if admins == {content.id} and (content.role != "admin" or not content.active):
        _refuse(f"{content.id} is the last admin: make somebody else an admin first.")
    state.people[content.id] = content


def _import(state: State, event: Event, content: Item) -> None:
    assert event.item is not None
    if event.item in state.items:
        _refuse(f"the item {event.item} is there already.")
    state.clause(content.policy, content.category)
    item = ItemState(event.item, content, event.number, event.number)
    state.items[event.item] = item
    enter(state, item)


def _review(state: State, event: Event, content: Review) -> None:
    item = state.item(event.item)
    _fits(state, item, event, content)
    before = item.standing(event.who, event.kind)
    _keep_before(event, "review", before.review if before else None)
    if event.kind == "adjudication":
        assert state.settings is not None
        if len(item.reviews) < state.settings.reviews:
            _refuse(
                f"{item.id} has {len(item.reviews)} of {state.settings.reviews} reviews: let others review it first."
            )
        if event.who in item.reviews:
            _refuse(f"{event.who} has reviewed {item.id} and cannot adjudicate it too.")
        if item.adjudication is not None and before is None:
            _refuse(f"{item.adjudication.who} has adjudicated {item.id} already.")
    elif item.adjudication is not None and item.adjudication.who == event.who:
        _refuse(f"{event.who} has adjudicated {item.id} and cannot review it too.")
    assert event.policy is not None
    after = Given(event.number, event.who, content, event.policy, event.at)
    kind: EventKind = event.kind
    assert kind in ("review", "adjudication")
    state.done.setdefault(event.who, []).append(Done(event.number, kind, item.id, before, after))
    state.undone.pop(event.who, None)
    _put(state, item, event, kind, after)


def _fits(state: State, item: ItemState, event: Event, content: Review) -> None:
    """Whether a label, a category and drafts are there, and the clause is the one that stands now."""
    if content.label not in state.labels:
        _refuse(f"there is no label {content.label}: the labels are {', '.join(state.labels)}.")
    if event.policy != state.clause(item.item.policy, content.category):
        _refuse("the policy has changed since: read the clause again.")
    drafts = {draft.id for draft in item.item.drafts}
    if unknown := [chosen for chosen in content.chosen if chosen not in drafts]:
        _refuse(f"{item.id} has no draft {unknown[0]}.")


def _put(state: State, item: ItemState, event: Event, kind: EventKind, given: Given | None) -> None:
    """Let something stand of an item, or nothing."""
    if kind == "adjudication":
        item.adjudication = given
    elif given is None:
        item.reviews.pop(event.who, None)
    else:
        item.reviews[event.who] = given
    item.version = event.number
    settle(state, item)


def _step(state: State, event: Event, content: Step) -> None:
    undo = event.kind == "undo"
    stack = (state.done if undo else state.undone).get(event.who)
    if not stack or stack[-1].number != content.event:
        _refuse(f"event {content.event} is not what {event.who} would {event.kind} next.")
    done = stack[-1]
    if event.item != done.item:
        _refuse(f"event {content.event} is about {done.item}, not {event.item}.")
    item = state.item(event.item)
    stands, comes = item.standing(event.who, done.kind), done.before if undo else done.after
    _keep_before(event, "review", stands.review if stands else None)
    if content.stands != (comes.review if comes else None):
        _refuse("what it says will stand is not what stood.")
    if done.kind == "adjudication" and item.adjudication is not None and stands is None:
        _refuse(f"{item.adjudication.who} has adjudicated {item.id} since.")
    stack.pop()
    (state.undone if undo else state.done).setdefault(event.who, []).append(done)
    _put(state, item, event, done.kind, comes)


def _vote(state: State, event: Event, content: Vote) -> None:
    item = state.item(event.item)
    room = state.rooms.get(content.room, Room(item.id))
    if room.item != item.id:
        _refuse(f"the room {content.room} is about {room.item}.")
    if room.revealed:
        _refuse(f"the votes of {content.room} have been revealed.")
    if content.label not in state.labels:
        _refuse(f"there is no label {content.label}: the labels are {', '.join(state.labels)}.")
    room.votes[event.who] = content
    state.rooms[content.room] = room


def _reveal(state: State, event: Event, content: Reveal) -> None:
    room = state.rooms.get(content.room)
    if room is None or room.revealed:
        _refuse(f"there is no vote in {content.room} to reveal.")
    room.revealed = True


def _requeue(state: State, event: Event, content: PolicyVersion) -> None:
    """Labels that were given under a clause which reads otherwise now, or is gone, do not stand any more."""
    before = state.policies.get(content.id)
    _keep_before(event, "requeue", before)
    fallen = set(hanging(state, content))
    state.adopt(content)
    if not fallen:
        return
    for item in state.items.values():
        if item.item.policy == content.id:
            _let_fall(state, item, event, fallen)
    for stacks in (state.done, state.undone):
        for who, stack in stacks.items():
            stacks[who] = [done for done in stack if not _of_earlier(done, content)]


def hanging(state: State, later: PolicyVersion) -> list[int]:
    """The numbers of the events that gave the standing labels which would fall with a version of a policy, in order."""
    return sorted(
        given.number
        for item in state.items.values()
        if item.item.policy == later.id
        for given in (*item.reviews.values(), *filter(None, [item.adjudication]))
        if later.clauses.get(given.review.category) != given.policy.hash
    )


def _of_earlier(done: Done, later: PolicyVersion) -> bool:
    """Whether undoing or redoing something could let a label stand that was given under a clause of before."""
    return any(
        given.policy.id == later.id and later.clauses.get(given.review.category) != given.policy.hash
        for given in filter(None, (done.before, done.after))
    )


def _let_fall(state: State, item: ItemState, event: Event, fallen: set[int]) -> None:
    kept = {who: given for who, given in item.reviews.items() if given.number not in fallen}
    adjudication = item.adjudication if item.adjudication and item.adjudication.number not in fallen else None
    if len(kept) == len(item.reviews) and adjudication is item.adjudication:
        return
    item.reviews, item.adjudication = kept, adjudication
    item.requeued += 1
    item.version = event.number
    settle(state, item)


def _keep_before(event: Event, kind: EventKind, stands: Content | None) -> None:
    """Whether an event's `before` is what stands: else somebody else changed it in between."""
    before = None if event.before is None else content_of(kind, event.before)
    if before != stands:
        _refuse("what stands is not what it was made from: read it again.")


def _refuse(sentence: str) -> NoReturn:
    raise UserError(sentence)


_HANDLERS: dict[EventKind, Callable[..., None]] = {
    "head": _head,
    "settings": _settings,
    "reviewer": _reviewer,
    "import": _import,
    "review": _review,
    "undo": _step,
    "redo": _step,
    "adjudication": _review,
    "vote": _vote,
    "reveal": _reveal,
    "requeue": _requeue,
}
