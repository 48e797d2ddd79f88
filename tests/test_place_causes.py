"""What failures are put down to: to a disturbance only if the episode succeeds without it."""

from __future__ import annotations

from place_outcome_scenes import placed

from conceptgym.agents.place.causes import failures, plain


def test_a_disturbance_is_to_blame_if_the_episode_succeeds_without_it() -> None:
    def disturbed(episode: int, cause: str = "disturbance"):
        return placed(condition="disturbed", success=False, cause=cause, episode=episode)

    outcomes = [
        placed(episode=0),
        disturbed(0),
        placed(episode=1, success=False, cause="plan"),
        disturbed(1),
        disturbed(2),  # not run undisturbed
        disturbed(1, cause="grasp"),  # it had not happened yet
        placed(condition="ur5e", episode=1, success=False, cause="touch"),
    ]
    found = failures(outcomes)
    assert [cause for _, cause in found] == [
        *("disturbance", "plan", "plan", "disturbance", "grasp", "touch")
    ]
    assert [outcome for outcome, _ in found] == [o for o in outcomes if not o.success]
    assert plain(outcomes) == {("near", 0): outcomes[0], ("near", 1): outcomes[2]}
