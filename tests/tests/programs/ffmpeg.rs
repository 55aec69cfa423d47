//! ffmpeg needs nothing beyond its libraries, of which it has over two hundred: threads and
//! encoders come with them.

use ringfence_tests::trial::Test;

use crate::scene::{Scene, Skip, each_user, words};
use ringfence_tests::install::need;

const POLICY: &str = "--with-deps --rw work";

pub fn tests() -> Vec<Test> {
    [
        each_user("ffmpeg_encodes_where_it_may_write", encodes),
        each_user(
            "ffmpeg_cannot_be_led_elsewhere_by_a_playlist",
            follows_no_playlist,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn encodes(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let encode = "ffmpeg -loglevel error -f lavfi -i testsrc=duration=1:size=64x48:rate=10 \
        -f lavfi -i sine=duration=1 -c:v libx264 -c:a aac work/film.mp4";
    scene.allows(&scene.sandbox(POLICY), &words(encode));
    let decode = "ffmpeg -loglevel error -xerror -i work/film.mp4 -f null -";
    scene.prepare(&words(decode));
    Ok(())
}

fn follows_no_playlist(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let record = "ffmpeg -loglevel error -f lavfi -i sine=duration=1 elsewhere/secret.wav";
    scene.prepare(&words(record));
    scene.file("work/playlist", "file ../elsewhere/secret.wav\n");
    let copy = "ffmpeg -loglevel error -f concat -safe 0 -i work/playlist -c copy work/copy.wav";
    scene.refuses(&scene.sandbox(POLICY), &words(copy), |_| {
        scene.path("work/copy.wav").exists()
    });
    Ok(())
}

fn prepare(scene: &Scene) -> Result<(), Skip> {
    need("ffmpeg", "ffmpeg")?;
    scene.folders(&["work", "elsewhere"]);
    Ok(())
}
