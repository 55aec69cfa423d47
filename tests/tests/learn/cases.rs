//! Real programs with a real job each, learned and run again.

use std::net::TcpListener;

use ringfence_tests::install::{Skip, need};
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::stdout;

use crate::scene::{Scene, done, text};
use crate::watching;

/// A program and its job, in a folder that a script has prepared.
pub struct Case {
    pub name: &'static str,
    /// What has to be installed, and Debian's package for it.
    pub needs: &'static [(&'static str, &'static str)],
    pub before: &'static str,
    pub job: &'static [&'static str],
    /// Prints what the job has left.
    pub shows: &'static str,
}

pub const CASES: &[Case] = &[
    Case {
        name: "cat",
        needs: &[("cat", "coreutils")],
        before: "echo one > a; echo two > b",
        job: &["cat", "a", "b"],
        shows: "",
    },
    Case {
        name: "a_pipeline",
        needs: &[("awk", "mawk")],
        before: "seq 100 > numbers",
        job: &[
            "sh",
            "-c",
            "grep 7 numbers | sort -r | awk '{s += $1} END {print s}' > sum && wc -l < numbers",
        ],
        shows: "cat sum",
    },
    Case {
        name: "bash_with_process_substitution",
        needs: &[("bash", "bash")],
        before: "seq 5 > a; seq 6 > b",
        job: &[
            "bash",
            "-c",
            "diff <(cat a) <(cat b) > difference; cat <<< done; test -s difference",
        ],
        shows: "cat difference",
    },
    Case {
        name: "python_that_imports_a_package",
        needs: &[("python3", "python3")],
        before: "mkdir tool; echo 'def f(): return 6 * 7' > tool/__init__.py; echo 'import json, tool; print(json.dumps(tool.f()))' > main.py",
        job: &["python3", "main.py"],
        shows: "",
    },
    Case {
        name: "python_with_threads_and_children",
        needs: &[("python3", "python3")],
        before: "cat > main.py <<'END'\nimport subprocess, tempfile, threading\ndef work():\n    with tempfile.NamedTemporaryFile() as file:\n        file.write(b'x'); file.flush()\n        assert open(file.name).read() == 'x'\nthreads = [threading.Thread(target=work) for _ in range(8)]\n[thread.start() for thread in threads]; [thread.join() for thread in threads]\nprint(subprocess.run(['date', '-u', '-d', '@0', '+%Y'], capture_output=True, text=True).stdout)\nEND",
        job: &["python3", "main.py"],
        shows: "",
    },
    Case {
        name: "git_that_makes_a_repository_and_commits",
        needs: &[("git", "git")],
        before: "echo page > page",
        job: &[
            "sh",
            "-ec",
            "git init -q . && git add page && git -c user.name=T -c user.email=t@example.org commit -qm First && git log --format=%s",
        ],
        shows: "git show HEAD:page",
    },
    Case {
        name: "gcc",
        needs: &[("gcc", "gcc")],
        before: "printf '#include <stdio.h>\\nint main(void) { puts(\"compiled\"); return 0; }\\n' > a.c",
        job: &["gcc", "-O1", "-o", "a", "a.c"],
        shows: "./a",
    },
    Case {
        name: "make_that_compiles_and_runs",
        needs: &[("make", "make"), ("gcc", "gcc")],
        before: "printf 'int main(void) { return 0; }\\n' > a.c; printf 'run: a\\n\\t./a && echo ran\\na: a.c\\n\\tcc -o a a.c\\n' > Makefile",
        job: &["make", "-s"],
        shows: "ls",
    },
    Case {
        name: "tar",
        needs: &[("tar", "tar"), ("gzip", "gzip")],
        before: "mkdir -p tree/deep; echo x > tree/deep/x; ln -s x tree/deep/link; tar czf in.tar.gz tree; mkdir out",
        job: &[
            "sh",
            "-ec",
            "tar xzf in.tar.gz -C out && tar czf again.tar.gz -C out tree && tar tzf again.tar.gz",
        ],
        shows: "cat out/tree/deep/link",
    },
    Case {
        name: "sed_over_a_tree",
        needs: &[("sed", "sed"), ("find", "findutils")],
        before: "mkdir -p tree/a tree/b; for f in tree/x tree/a/y tree/b/z; do echo old > $f; done",
        job: &[
            "sh",
            "-c",
            "find tree -type f -exec sed -i s/old/new/ '{}' +",
        ],
        shows: "cat tree/x tree/a/y tree/b/z",
    },
    Case {
        name: "sqlite",
        needs: &[("sqlite3", "sqlite3")],
        before: "",
        job: &[
            "sqlite3",
            "data",
            "create table t (x); insert into t values (42); select x from t;",
        ],
        shows: "sqlite3 data .dump",
    },
    Case {
        name: "openssl",
        needs: &[("openssl", "openssl")],
        before: "",
        job: &[
            "openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=x", "-keyout",
            "key.pem", "-out", "cert.pem",
        ],
        shows: "openssl x509 -in cert.pem -noout -subject",
    },
    Case {
        name: "find",
        needs: &[("find", "findutils")],
        before: "mkdir -p tree/a/b; touch tree/a/b/c",
        job: &["find", "tree", "-name", "c"],
        shows: "",
    },
    Case {
        name: "cp_and_mv",
        needs: &[("cp", "coreutils")],
        before: "mkdir -p from/deep to; echo x > from/deep/x",
        job: &[
            "sh",
            "-ec",
            "cp -a from copy && mv copy/deep to/moved && ln to/moved/x hard && rm -r from",
        ],
        shows: "find . | sort; cat hard",
    },
    Case {
        name: "rsync",
        needs: &[("rsync", "rsync")],
        before: "mkdir -p from/deep; echo x > from/deep/x",
        job: &["rsync", "-a", "from/", "to"],
        shows: "cat to/deep/x",
    },
    Case {
        name: "ssh_keygen",
        needs: &[("ssh-keygen", "openssh-client")],
        before: "",
        job: &["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"],
        shows: "ls",
    },
    Case {
        name: "perl",
        needs: &[("perl", "perl")],
        before: "echo 'a b' > text",
        job: &[
            "perl",
            "-MPOSIX",
            "-ne",
            "print join(',', reverse split), floor(1.5), \"\\n\"",
            "text",
        ],
        shows: "",
    },
    Case {
        name: "node",
        needs: &[("node", "nodejs")],
        before: "echo \"require('fs').writeFileSync('out', 'x'); console.log('done')\" > a.js",
        job: &["node", "a.js"],
        shows: "cat out",
    },
    Case {
        name: "vim",
        needs: &[("vim", "vim")],
        before: "echo old > text",
        job: &[
            "vim",
            "-es",
            "-u",
            "NONE",
            "-c",
            "%s/old/new/",
            "-c",
            "wq",
            "text",
        ],
        shows: "cat text",
    },
    Case {
        name: "curl_to_a_local_server",
        needs: &[("curl", "curl"), ("python3", "python3")],
        before: "cat > main.py <<'END'\nimport http.server, subprocess, threading\nclass Quiet(http.server.BaseHTTPRequestHandler):\n    def log_message(self, *words): pass\nserver = http.server.HTTPServer(('127.0.0.1', 0), Quiet)\nthreading.Thread(target=server.serve_forever, daemon=True).start()\nprint(subprocess.run(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', f'http://127.0.0.1:{server.server_port}/'], capture_output=True, text=True).stdout)\nEND",
        job: &["python3", "main.py"],
        shows: "",
    },
    Case {
        name: "java",
        needs: &[("java", "default-jdk-headless")],
        before: "echo 'class A { public static void main(String[] words) { System.out.println(42); } }' > A.java",
        job: &["java", "-XX:-UsePerfData", "A.java"],
        shows: "",
    },
    Case {
        name: "ffmpeg",
        needs: &[("ffmpeg", "ffmpeg")],
        before: "",
        job: &[
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc=d=1:s=64x48:r=5",
            "-bitexact",
            "-threads",
            "1",
            "out.avi",
        ],
        shows: "cksum out.avi",
    },
    Case {
        name: "nginx_and_a_client",
        needs: &[("nginx", "nginx"), ("curl", "curl")],
        before: "mkdir site state; echo page > site/index.html; \
            echo 'daemon off; pid state/pid; error_log state/log; events {} http { access_log off; client_body_temp_path state; \
            proxy_temp_path state; fastcgi_temp_path state; uwsgi_temp_path state; scgi_temp_path state; \
            server { listen 127.0.0.1:18943; root site; } }' > nginx.conf",
        job: &[
            "sh",
            "-c",
            "nginx -p $PWD/ -e state/log -c nginx.conf & server=$!; for i in $(seq 100); do sleep 0.05; \
            curl -sf http://127.0.0.1:18943/ && break; done; kill $server; wait",
        ],
        shows: "",
    },
    Case {
        name: "pip_that_installs_a_local_wheel",
        needs: &[("pip3", "python3-pip")],
        before: "cat > make.py <<'END'\nimport zipfile\nwith zipfile.ZipFile('tool-1-py3-none-any.whl', 'w') as wheel:\n    for name, text in {'tool.py': 'x = 42', 'tool-1.dist-info/METADATA': 'Metadata-Version: 2.1\\nName: tool\\nVersion: 1\\n', 'tool-1.dist-info/WHEEL': 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n', 'tool-1.dist-info/RECORD': ''}.items():\n        wheel.writestr(name, text)\nEND\npython3 make.py",
        job: &[
            "pip3",
            "-q",
            "--isolated",
            "--no-cache-dir",
            "--disable-pip-version-check",
            "install",
            "--root-user-action=ignore",
            "--no-index",
            "--no-deps",
            "--target",
            "out",
            "./tool-1-py3-none-any.whl",
        ],
        shows: "cat out/tool.py",
    },
    Case {
        name: "gpg",
        needs: &[("gpg", "gpg")],
        before: "echo text > text; mkdir -m 700 keys",
        job: &[
            "gpg",
            "--homedir",
            "keys",
            "--batch",
            "-q",
            "--no-options",
            "--no-autostart",
            "--print-md",
            "SHA256",
            "text",
        ],
        shows: "",
    },
    Case {
        name: "diff_and_patch",
        needs: &[("patch", "patch"), ("diff", "diffutils")],
        before: "seq 9 > old; seq 8 > new",
        job: &[
            "sh",
            "-c",
            "diff -u old new > change; patch -s old change && cmp old new",
        ],
        shows: "cat old",
    },
    Case {
        name: "xz_and_zip",
        needs: &[("xz", "xz-utils"), ("zip", "zip"), ("unzip", "unzip")],
        before: "seq 99 > numbers",
        job: &[
            "sh",
            "-ec",
            "xz -T2 -k numbers; xz -dc numbers.xz | wc -l; zip -q all.zip numbers",
        ],
        shows: "unzip -p all.zip | cksum",
    },
    Case {
        name: "a_static_program_with_threads",
        needs: &[("gcc", "gcc")],
        before: "printf '#include <pthread.h>\\n#include <stdio.h>\\nstatic void *work(void *name) { FILE *f = fopen(name, \"r\"); int c = fgetc(f); fclose(f); return (void *)(long)c; }\\n\
            int main(void) { pthread_t t[8]; long sum = 0; void *c; for (int i = 0; i < 8; i++) pthread_create(t + i, 0, work, i %% 2 ? \"a\" : \"b\");\\n\
            for (int i = 0; i < 8; i++) { pthread_join(t[i], &c); sum += (long)c; } return printf(\"%%ld\\\\n\", sum) < 0; }\\n' > p.c; gcc -static -pthread -o p p.c; echo a > a; echo b > b",
        job: &["./p"],
        shows: "",
    },
];

pub fn tests() -> Vec<Test> {
    CASES.iter().map(test).collect()
}

/// The closed loop for a case.
pub fn test(case: &'static Case) -> Test {
    let name = format!(
        "learn::{}_runs_unchanged_under_what_was_learned_and_nothing_else_is_allowed",
        case.name
    );
    watching(name, || case.close())
}

impl Case {
    fn close(&self) -> Result<(), Skip> {
        for (program, package) in self.needs {
            need(program, package)?;
        }
        let scene = Scene::new();
        scene.begin(self.before);
        let plain = scene.succeeds(self.job);
        let effect = self.effect(&scene);

        scene.begin(self.before);
        let watched = scene.learn(self.job);
        let said = String::from_utf8_lossy(&watched.stderr);
        assert!(watched.status.success(), "{}: {said}", self.name);
        assert_eq!(stdout(&watched), stdout(&plain), "the output under watch");
        assert_eq!(self.effect(&scene), effect, "the effect under watch");
        assert_eq!(said.contains("decide"), self.asks(), "{said}");

        scene.begin(self.before);
        let policy = scene.policy();
        let confined = scene
            .confined(&[], self.job)
            .output()
            .expect("landlock-runner starts");
        let said = String::from_utf8_lossy(&confined.stderr);
        assert!(confined.status.success(), "{}: {said}\n{policy}", self.name);
        assert_eq!(stdout(&confined), stdout(&plain), "{policy}");
        assert_eq!(confined.stderr, plain.stderr, "{said}\n{policy}");
        assert_eq!(self.effect(&scene), effect, "{policy}");
        canaries(&scene);
        Ok(())
    }

    /// Whether it looks at something sensitive that it does without: pip lists what is in /etc and at home.
    pub fn asks(&self) -> bool {
        self.name.starts_with("pip")
    }

    fn effect(&self, scene: &Scene) -> String {
        stdout(&scene.succeeds(&["sh", "-ec", self.shows]))
    }
}

/// A file outside cannot be read, nothing written beside the job's own, and no other port reached.
fn canaries(scene: &Scene) {
    let tools = &["--with-deps"];
    scene.denies(tools, &["/usr/bin/cat", &text(&scene.path("canary"))]);
    let write = format!("echo x > {}", text(&scene.path("beside")));
    scene.denies(tools, &["/usr/bin/bash", "-c", &write]);
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    let connect = format!("exec 3<> /dev/tcp/127.0.0.1/{port}");
    let ranges = scene.policy().contains("connect-tcp");
    if !ranges {
        scene.denies(tools, &["/usr/bin/bash", "-c", &connect]);
    }
    done(scene.command("bash").args(["-c", &connect]));
}
