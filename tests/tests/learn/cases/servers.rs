//! Servers, with clients of their own.

use super::Case;

pub const CASES: &[Case] = &[
    Case {
        name: "postgresql_that_makes_a_cluster_starts_and_answers",
        needs: &[("initdb", "postgresql"), ("psql", "postgresql")],
        before: "",
        job: &[
            "sh",
            "-ec",
            "initdb -D data -A trust -U me --no-sync > log; \
            pg_ctl -D data -w -l log -o \"-F -p $PORT -k $PWD -c listen_addresses=127.0.0.1\" start > /dev/null; \
            psql -X -h 127.0.0.1 -p $PORT -U me -d postgres -A -t -q -c 'create table t (x int); insert into t values (42); table t'; \
            psql -X -h $PWD -p $PORT -U me -d postgres -A -t -c 'select count(*) from t'; \
            pg_ctl -D data -w -m fast stop > /dev/null && echo stopped",
        ],
        shows: "cat data/PG_VERSION",
    },
    Case {
        name: "redis_and_a_client",
        needs: &[
            ("redis-server", "redis-server"),
            ("redis-cli", "redis-tools"),
        ],
        before: "",
        job: &[
            "sh",
            "-c",
            "redis-server --port $PORT --bind 127.0.0.1 --save '' --logfile log > /dev/null & \
            for i in $(seq 100); do sleep 0.05; redis-cli -p $PORT set key 42 2> /dev/null && break; done; \
            redis-cli -p $PORT get key; redis-cli -p $PORT save; redis-cli -p $PORT shutdown nosave; wait",
        ],
        shows: "test -s dump.rdb",
    },
    Case {
        name: "wget_to_a_local_server",
        needs: &[("wget", "wget"), ("python3", "python3")],
        before: "mkdir site; echo page > site/page",
        job: &[
            "sh",
            "-c",
            "python3 -m http.server --bind 127.0.0.1 --directory site $PORT > /dev/null 2>&1 & server=$!; \
            wget -q --tries=20 --retry-connrefused --waitretry=1 http://127.0.0.1:$PORT/page; kill $server; wait; cat page",
        ],
        shows: "cat page",
    },
    Case {
        name: "apt_get_that_downloads_from_a_local_archive",
        needs: &[
            ("apt-get", "apt"),
            ("dpkg-deb", "dpkg"),
            ("python3", "python3"),
        ],
        before: "mkdir -p tool/DEBIAN site state/lists/partial cache/archives/partial sources preferences settings; \
            printf 'Package: tool\\nVersion: 1\\nArchitecture: all\\nMaintainer: me <me@example.org>\\nDescription: a tool\\n' > tool/DEBIAN/control; \
            dpkg-deb --root-owner-group -b tool site/tool_1_all.deb > /dev/null; touch status; \
            (cat tool/DEBIAN/control; echo \"Filename: ./tool_1_all.deb\"; echo \"Size: $(stat -c %s site/tool_1_all.deb)\"; \
            echo \"SHA256: $(sha256sum site/tool_1_all.deb | cut -d' ' -f1)\") > site/Packages; \
            echo \"deb [trusted=yes] http://127.0.0.1:$PORT ./\" > sources.list; \
            echo \"Dir::State \\\"$PWD/state\\\"; Dir::State::status \\\"$PWD/status\\\"; Dir::Cache \\\"$PWD/cache\\\"; \
            Dir::Etc::sourcelist \\\"$PWD/sources.list\\\"; Dir::Etc::sourceparts \\\"$PWD/sources\\\"; \
            Dir::Etc::preferencesparts \\\"$PWD/preferences\\\"; Dir::Etc::parts \\\"$PWD/settings\\\"; \
            APT::Sandbox::User \\\"\\\"; Acquire::http::Proxy \\\"DIRECT\\\";\" > apt.conf",
        job: &[
            "sh",
            "-c",
            "python3 -m http.server --bind 127.0.0.1 --directory site $PORT > /dev/null 2>&1 & server=$!; \
            export APT_CONFIG=$PWD/apt.conf; for i in $(seq 100); do sleep 0.05; apt-get -qq -o APT::Update::Error-Mode=any update > /dev/null 2>&1 && break; done; \
            apt-get -qq download tool; kill $server; wait; dpkg-deb -f tool_1_all.deb Package",
        ],
        shows: "ls tool_1_all.deb",
    },
];
