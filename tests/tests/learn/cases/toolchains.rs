//! Compilers and interpreters, and programs that were compiled.

use super::Case;

pub const CASES: &[Case] = &[
    Case {
        name: "cargo_build",
        needs: &[("cargo", "cargo"), ("rustc", "rustc"), ("gcc", "gcc")],
        before: "cargo init -q --vcs none --name small .; echo 'pub fn f() -> u32 { 42 }' > src/part.rs; \
            echo 'mod part; fn main() { println!(\"{}\", part::f()) }' > src/main.rs",
        job: &["sh", "-c", "cargo build -q --offline && target/debug/small"],
        shows: "target/debug/small",
    },
    Case {
        name: "rust_with_threads",
        needs: &[("rustc", "rustc"), ("gcc", "gcc")],
        before: "echo a > a; echo b > b; cat > p.rs <<'END'\nfn main() {\n    let length = |name: &str| std::fs::read(name).map_or(0, |text| text.len());\n    \
            let sum: usize = std::thread::scope(|scope| {\n        let threads: Vec<_> = (0..32).map(|i| scope.spawn(move || {\n            \
            std::fs::write(format!(\"out.{i}\"), \"x\").unwrap();\n            length(if i % 2 == 0 { \"a\" } else { \"b\" })\n        })).collect();\n        \
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()\n    });\n    println!(\"{sum}\");\n}\nEND\nrustc -O -o p p.rs",
        job: &["./p"],
        shows: "cat out.*",
    },
    Case {
        name: "go_build_and_the_static_program",
        needs: &[("go", "golang-go")],
        before: "printf 'package main\\nimport (\"fmt\"; \"os\")\\nfunc main() { text, _ := os.ReadFile(\"text\"); fmt.Print(string(text)) }\\n' > p.go; echo 42 > text",
        job: &["sh", "-c", "CGO_ENABLED=0 go build -o p p.go && ./p"],
        shows: "./p",
    },
    Case {
        name: "ruby",
        needs: &[("ruby", "ruby")],
        before: "cat > a.rb <<'END'\nrequire 'json'\nrequire 'tempfile'\nTempfile.create('part') { |file| file.write('x'); file.flush; puts File.size(file.path) }\n\
            File.write('out', JSON.generate({ answer: 42 }))\nputs `date -u -d @0 +%Y`\nEND",
        job: &["ruby", "a.rb"],
        shows: "cat out",
    },
];
