"""A few rounds of what `make check-faults` does many times."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import campaign
import tap

ROUNDS = 3


def test_supervisor_is_killed_over_and_over():
    campaign.kill_supervisors(ROUNDS).check()


@tap.each(restarted=(signal.SIGTERM, False), killed=(signal.SIGKILL, False), restarted_with_live_restore=(signal.SIGTERM, True),
          killed_with_live_restore=(signal.SIGKILL, True))
def test_dockerd_over_and_over(number, live_restore):
    campaign.restart_docker(ROUNDS, number, live_restore).check()


if __name__ == "__main__":
    tap.main()
