"""amazon-ecs-init while Docker is absent, refusing, silent or answering nonsense: it waits and goes
on, says what it waits for, and asks at a bearable pace."""

import os
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [f"{HERE}/../lib", f"{HERE}/../fakes"]
import tap
from docker import AGENT_IMAGE, ENGINES
from supervisor import STATE, TAR, Instance
from tap import check, contains, each, equal, matches, together

MESSAGE = r"^amazon-ecs-init: \S"
MOST_REQUESTS = 40      # in the seconds that a test lasts; a hot loop makes thousands


def good_manners(instance, supervisor):
    for line in supervisor.err.splitlines():
        matches(line, MESSAGE, "stderr")
    check(len(instance.docker.asked()) < MOST_REQUESTS, f"{len(instance.docker.asked())} requests: a hot loop")
    check(len(supervisor.err.splitlines()) < 20, f"too much is said:\n{supervisor.err}")


def comes_round(instance, supervisor, seconds=8):
    instance.wait_ready(seconds)
    instance.wait_container(1)
    check(supervisor.running, f"the supervisor ended\n{supervisor.err}")
    good_manners(instance, supervisor)


@together
@each(absent="go_away", refusing="crash")
def test_start_waits_for_the_socket(how):
    with Instance() as i:
        getattr(i.docker, how)()
        with i.start() as supervisor:
            time.sleep(1.5)
            check(supervisor.running, f"the supervisor ended\n{supervisor.err}")
            check(i.notify.all("STATUS"), "nobody was told what is being waited for")
            equal(i.notify.all("READY"), [])
            begin = time.monotonic()
            i.docker.start()
            comes_round(i, supervisor)
            check(time.monotonic() - begin < 2.5, "it took long to see that Docker is there")


@together
@each(absent="go_away", refusing="crash")
def test_pre_start_waits_for_the_socket(how):
    with Instance() as i:
        getattr(i.docker, how)()
        later = threading.Timer(1.5, i.docker.start)
        later.start()
        i.verb("pre-start").exits(0).within(5)
        later.join()


MOODS = {
    "silent_ping": "ping=silent*1", "busy_ping": "ping=503*2", "garbage_ping": "ping=garbage*1", "closes": "*=close*2",
    "resets": "*=reset*2", "html_ping": "ping=html*1", "no_inspect": "inspect=500*1", "bad_inspect": "inspect=garbage*1",
    "cut_inspect": "inspect=truncated:9*1", "json_cut_off": 'create=body:{"Id": "ab*1', "create_fails": "create=500*1",
    "create_is_empty": "create=empty*1", "create_of_other_types": "create=types*1", "start_fails": "start=500*1",
    "start_hangs_up": "start=close*1", "huge_image": "image=long:100000000*1", "image_of_other_types": "image=types*1",
    "networks_of_other_types": "networks=types*1", "delete_fails": "delete=500*1", "create_loses_the_image": "create=404*1",
    "start_loses_the_container": "start=404*1", "odd_chunks": "*=chunked*9", "bad_chunks": "inspect=badchunks*1",
    "name_is_in_use": "create=409*1",
}


@together
@each(**MOODS)
def test_start_survives(mood):
    with Instance(wrong=[mood]) as i, i.start() as supervisor:
        comes_round(i, supervisor, 12)


@together
def test_silent_docker_is_waited_for_and_not_flooded():
    with Instance(wrong=["*=silent"]) as i, i.start() as supervisor:
        time.sleep(2)
        check(supervisor.running, f"the supervisor ended\n{supervisor.err}")
        good_manners(i, supervisor)
        i.docker.behave()
        comes_round(i, supervisor, 10)


@together
@each(gone="go_away", crashed="crash")
def test_docker_that_goes_away_does_not_end_a_running_agent(how):
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        agent = i.docker.container()
        getattr(i.docker, how)()
        time.sleep(1)
        i.docker.start()
        time.sleep(1)
        check(supervisor.running, f"the supervisor ended\n{supervisor.err}")
        check(i.docker.container() is agent and agent.running, "the agent was touched")
        equal(len(i.docker.asked("create")), 1)
        good_manners(i, supervisor)


@together
def test_agent_that_ends_while_docker_is_away_is_started_again():
    with Instance() as i, i.start() as supervisor:
        i.wait_ready()
        agent = i.docker.container()
        i.docker.go_away()
        agent.kill(9)
        time.sleep(1)
        i.docker.start()
        i.wait_container(8, other_than=agent)
        good_manners(i, supervisor)


@together
@each(load_500=("load=500:no space left on device", "no space left on device"), load_is_garbage=("load=garbage", "load"))
def test_failing_load_fails_pre_start(mood, words):
    with Instance(image=False, wrong=[mood]) as i:
        i.write(STATE, "1")
        i.write(TAR, "t" * 100000)
        i.verb("pre-start", 30).exits(255).says(words)
        equal(i.read(STATE), "1")
        equal(sorted(os.listdir(i.at("/var/cache/ecs"))), ["ecs-agent.tar", "state"])


# API versions

def exchange(docker, engine):
    docker.newest, docker.oldest = ENGINES[engine]


@together
def test_docker_that_knows_nothing_any_more_of_what_we_speak():
    with Instance(engine="later") as i, i.start() as supervisor:
        comes_round(i, supervisor)
        equal(i.docker.container().body["Image"], AGENT_IMAGE)
        contains({(i.docker.split(r)[0], r.status) for r in i.docker.asked("create")}, ("1.60", 201))


@together
@each(minimum_raised=("20.10", "later"), upgraded=("20.10", "29"), downgraded=("29", "20.10"))
def test_docker_is_exchanged(first, then):
    with Instance(engine=first) as i, i.start() as supervisor:
        i.wait_ready()
        agent = i.docker.container()
        exchange(i.docker, then)
        agent.kill(9)
        i.wait_container(8, other_than=agent)
        i.verb("stop").exits(0)
        check(not i.docker.container().running, "the agent still runs")
        good_manners(i, supervisor)


@together
def test_docker_is_exchanged_between_two_calls():
    class Exchanged(Instance):
        def __init__(self):
            super().__init__(engine="20.10", image=False)
            do_load = self.docker.do_image

            def image(exchanged, name):
                exchange(self.docker, "later")      # from the next call on
                do_load(exchanged, name)
            self.docker.do_image = image
    with Exchanged() as i:
        i.write(TAR, b"t" * 100000)
        i.verb("pre-start").exits(0)
        # what was refused for its version was sent whole once more
        sizes = [(r.status, r.body_size) for r in i.docker.asked("load")]
        equal(sizes[-1], (200, 100000))
        equal(len(sizes), 2)


@together
@each(silent="version=silent*1", broken="version=500*1", garbage="version=garbage*1", no_json="version=html*1", types="version=types*1")
def test_docker_that_does_not_say_its_versions_at_once(mood):
    with Instance(engine="later", wrong=[mood]) as i, i.start() as supervisor:
        comes_round(i, supervisor, 45 if "silent" in mood else 10)


def test_load_that_is_cut_off_is_done_again():
    with Instance(image=False, wrong=["load=close*1"]) as i:
        i.write(STATE, "1")
        i.write(TAR, "t" * 100000)
        i.verb("pre-start").exits(0)
        equal((i.read(STATE), [r.body_size for r in i.docker.asked("load")]), ("1", [0, 100000]))


@together
def test_waiting_is_said_once_and_not_at_every_try():
    with Instance() as i:
        i.docker.go_away()
        with i.begin("pre-start") as waiting:
            time.sleep(3)
            check(waiting.running, f"pre-start gave up\n{waiting.err}")
            check(1 <= len(waiting.err.splitlines()) <= 2, f"said in 3 s:\n{waiting.err}")


@together
@each(absent="go_away", refusing="crash")
def test_stop_and_post_stop_do_not_wait_for_docker(how):
    with Instance() as i:
        getattr(i.docker, how)()
        check(i.verb("stop").code in (0, 255), "stop has no defined exit status without Docker")
        i.verb("post-stop").exits(0).within(1)
        equal(i.netconf, ["remove"])


@together
def test_stop_ends_though_docker_is_silent():
    with Instance(wrong=["ping=silent", "inspect=silent", "stop=silent"]) as i:
        i.docker.add("ecs-agent")
        i.verb("stop", 45).exits(255)


if __name__ == "__main__":
    tap.main()
