"""Blocks that no test finds by their kind: which test runs them, or why none can.

A command stands here as it does in the page, without the prompt and the comment behind it; three
dots stand for a word.
"""

PORTING = "tests/examples/test_porting.py::test_the_first_and_the_last_step_are_shown_whole"
STEPS = "tests/examples/test_porting.py::test_the_steps_between_are_shown_by_what_they_change"
GROWING = "tests/integration/test_growing.py::test_the_command_prints_what_the_book_shows"
LAB = "measures for minutes; in short: tests/integration/test_compare.py"

REDIS = "tests/integration/test_redis_client.py"
CHAT_ROOM = "tests/integration/test_chatroom.py::test_two_people_converse"
TLS = "tests/integration/test_chatroom_tls.py"
RUN_HERE = "tests/integration/test_page_commands.py::test_command"
INSTALLED = "tests/distribution/test_installed.py"
SERVICE = "changes the machine; the unit: tests/examples/chatroom/test_deploy.py"
IMAGE = "needs an engine; the files: tests/examples/chatroom/test_deploy.py"
IN_VENV = "python3 -m venv .venv/chat && .venv/chat/bin/pip install "

COMMANDS = {
    "python3 -m pip install . ./packaging/asyncore": (
        f"builds with a backend from the network; the same wheels: {INSTALLED}::test_children"
    ),
    "python3 -m miniloop.compat --which": f"{INSTALLED}::test_which_is_as_the_page_shows_it",
    "python3 -m examples.chatroom": CHAT_ROOM,
    f"{IN_VENV}-e '.[chat]' && .venv/chat/bin/python -m examples.chatroom": (
        f"installs from the network; the room: {CHAT_ROOM}"
    ),
    "sudo useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin chatroom": SERVICE,
    "sudo python3 -m venv .venv/chat && sudo .venv/chat/bin/pip install -e '.[chat]'": SERVICE,
    "sudo cp examples/chatroom/deploy/chatroom.service /etc/systemd/system/": SERVICE,
    "sudo systemctl enable --now chatroom": SERVICE,
    "podman build -f examples/chatroom/deploy/Containerfile -t chatroom .": IMAGE,
    "podman run --name chatroom -p 1234:1234 -p 8080:8080 -v chatroom:/data/miniloop-chatroom "
    "--read-only --cap-drop all chatroom": IMAGE,
    f"{IN_VENV}-qe '.[chat]' && .venv/chat/bin/python -m examples.chatroom": (
        f"installs from the network; the room: {CHAT_ROOM}"
    ),
    "python3 -m examples.chatroom --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem": (
        f"{TLS}::test_two_people_converse"
    ),
    "python3 -m examples.chatroom --port 1235 --trust-proxy 127.0.0.1 "
    "--web-name chat.example.org": (
        "tests/integration/test_chatroom_nginx.py::test_each_telnet_has_its_own_address"
    ),
    "python3 -m examples.chatroom.client --ca cert.pem --name Ada": (
        f"{TLS}::test_the_client_comes_in"
    ),
    "python3 -m examples.chatroom.client --name Ada": (
        "tests/integration/test_chatroom_terminal.py::test_the_picture_shows_the_client_as_it_is"
    ),
    'echo "The backup is done." | python3 -m examples.chatroom.client --name backup': (
        "tests/integration/test_chatroom_client.py::test_the_client_reads_a_pipe"
    ),
    "python3 -m examples.chatroom.operators add Ada": (
        "tests/examples/chatroom/test_operators.py::test_adding_changing_and_removing"
    ),
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 "
    "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
    "-keyout key.pem -out cert.pem": RUN_HERE,
    "python3 -m examples.chatroom.history export lobby": RUN_HERE,
    "python3 -m examples.chatroom.history export lobby --format jsonl --since 2026-01-01 "
    "--until 2026-01-31": RUN_HERE,
    "python3 -m examples.chatroom.history backup copy.sqlite3": RUN_HERE,
    "python3 -m examples.chatroom --no-history --web-port none --port 1234 "
    "--trace chatroom-trace.json &": (
        "tests/integration/test_chatroom_trace.py::test_a_line_is_followed_to_everybody"
    ),
    "python3 -m examples.watch.bots --port 1234 --bots 5 --seconds 3 --seed 1": (
        "tests/examples/watch/test_bots.py::test_a_bot_talks_and_leaves"
    ),
    "kill %1 && wait && gzip -9 chatroom-trace.json": (
        "what came of it: tests/integration/test_chatroom_trace.py::test_the_sample_in_the_docs"
    ),
    "python3 -m tests.schedules --count 10000 --seed 0": (
        "takes minutes; 2,000 of them: tests/examples/chatroom/test_schedules.py::test_schedules"
    ),
    "python3 -m examples.watch": "tests/integration/test_watch.py::test_bots_and_people_meet",
    "python3 -m miniloop.compat your_server.py --your-options": (
        "the reader's program; others: tests/integration/test_compat_main.py::"
        "test_an_unmodified_program_that_talks_to_itself"
    ),
    "python3 -m miniloop.compat PROGRAM [ARGS]": "usage; as above",
    "python3 -m miniloop.compat -m MODULE [ARGS]": "usage; as above",
    "python3 -m miniloop.compat examples/porting/step0_asyncore.py 11211 &": (
        "tests/integration/test_porting.py::test_what_was_set_is_got"
    ),
    "python3 -m examples.servers": RUN_HERE,
    "python3 -m examples.servers.epoll": (
        "tests/integration/test_servers.py::test_what_it_prints_and_ctrl_c"
    ),
    "python3 -m examples.servers.compare --quick": LAB,
    "telnet 127.0.0.1 11211": "tests/integration/test_porting.py::test_what_was_set_is_got",
    "python3 -m venv .venv/lab && .venv/lab/bin/pip install -e '.[lab]'": (
        "installs; tests/__main__.py does the same for the extra [test]"
    ),
    ".venv/lab/bin/python -m examples.servers.compare": LAB,
    ".venv/lab/bin/python -m examples.servers.compare --redraw --page "
    "docs/reference/connections.md --page README.md": LAB,
    "python3 -m examples.socks_proxy --port 1080": (
        "tests/integration/test_socks_proxy.py::test_curl_by_name_and_by_address"
    ),
    "curl --socks5-hostname 127.0.0.1:1080 https://example.org/": (
        "needs the network; tests/integration/test_socks_proxy.py::test_curl_by_name_and_by_address"
    ),
    "python3 -m examples.dns --server 192.0.2.53 example.org": (
        "needs a name server; with one of its own: tests/integration/test_dns.py::test_command_line"
    ),
    "python3 -m examples.redis_client SET greeting hello": f"{REDIS}::test_command_line",
    "python3 -m examples.redis_client --url rediss://ada@redis.example.org --password-file pw "
    "GET greeting": f"{REDIS}::test_tls and test_a_user_with_a_few_commands",
    "python3 -m examples.redis_client SUBSCRIBE news": (
        f"{REDIS}::test_command_line_with_a_subscription"
    ),
    f"{IN_VENV}-e '.[chat,redis]'": "installs; as above",
    ".venv/chat/bin/python -m examples.chatroom --cluster redis://10.0.0.10 --node ada-1": (
        "needs that machine; on this one: tests/integration/test_cluster_faults.py"
    ),
    ".venv/chat/bin/python -m examples.chatroom --cluster rediss://chatroom@redis.example.org "
    "--cluster-ca ca.pem --cluster-password-file redis-password --node ada-1": (
        "needs that machine; user, TLS, password file: tests/integration/test_cluster_feeds.py"
    ),
    'printf %s "the password" | sha256sum': (
        "with hashlib: tests/integration/test_cluster_feeds.py::"
        "test_a_user_who_may_do_what_is_needed_and_no_more"
    ),
    "python3 -m tests": "this very run",
    "python3 -m tests.book break ...": "tests/docs/test_breaking.py::test_it_breaks",
    "python3 -m examples.inside.growing": GROWING,
    "python3 -m examples.inside.growing ...": GROWING,
    "python3 -m examples.tutorial.step...": (
        "tests/integration/test_tutorial.py::test_the_command_that_starts_a_step_starts_it"
    ),
}

NGINX = "tests/integration/test_chatroom_nginx.py"
SYSTEMD = "needs systemd; what it does: tests/integration/test_workers.py::test_started_by_systemd"

OTHER_BLOCKS = {
    "Type=notify\nUser=chatroom": (
        "tests/examples/chatroom/test_deploy.py::test_the_page_shows_what_is_in_the_unit"
    ),
    "# /etc/systemd/system/echo.socket": SYSTEMD,
    "# /etc/systemd/system/echo.service": SYSTEMD,
    "# /etc/nginx/conf.d/chat.conf": f"{NGINX}::test_each_browser_has_its_own_address",
    "    location /talk/ {": f"{NGINX}::test_below_a_path",
    "# at the end of /etc/nginx/nginx.conf": f"{NGINX}::test_each_telnet_has_its_own_address",
    "pace = Pace()\nseen = Seen(": (
        "the middle of examples/watch/room.py, which runs in "
        "tests/integration/test_watch.py::test_bots_and_people_meet"
    ),
    "import miniloop.compat\nminiloop.compat.install()": (
        "would change the modules of this process; in one of its own: tests/compat/test_install.py"
    ),
    "from twisted.internet import reactor": (
        "tests/integration/test_guest.py::test_program_of_the_howto_for_twisted"
    ),
    '"""A cache that speaks the simplest commands of memcached, as it was': PORTING,
    '"""A cache that speaks the simplest commands of memcached, at home': PORTING,
    "--- step0_asyncore.py": STEPS,
    "--- step1_import.py": STEPS,
    "--- step2_native.py": STEPS,
    "--- step3_timer.py": STEPS,
}
