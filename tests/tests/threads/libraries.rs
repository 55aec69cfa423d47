//! Thread pools that real programs have.

use std::time::Duration;

use crate::attempt::{FREE, attempts, restricted};
use crate::scene::{Case, Scene};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("every_worker_of_tokio_is_restricted", tokio),
        Case::new("every_worker_of_rayon_is_restricted", rayon),
    ]
}

fn tokio(scene: &Scene) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .expect("a runtime");
    // Each blocks its worker until all four run, so that every worker has one.
    let everywhere = |scene: &Scene| {
        let barrier = std::sync::Arc::new(std::sync::Barrier::new(4));
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let (scene, barrier) = (scene.clone(), barrier.clone());
                runtime.spawn(async move {
                    barrier.wait();
                    attempts(&scene)
                })
            })
            .collect();
        runtime.block_on(async move {
            let mut all = Vec::new();
            for task in tasks {
                all.push(task.await.expect("no panic"));
            }
            all
        })
    };
    assert_eq!(everywhere(scene), [FREE; 4]);
    let ticks = runtime.spawn(async {
        for _ in 0..50 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    runtime.block_on(async { tokio::time::sleep(Duration::from_millis(10)).await });
    scene.enforce();
    assert_eq!(everywhere(scene), [restricted(); 4]);
    runtime.block_on(ticks).expect("timers go on");
    let blocking = {
        let scene = scene.clone();
        runtime.spawn_blocking(move || attempts(&scene))
    };
    assert_eq!(runtime.block_on(blocking).expect("no panic"), restricted());
}

fn rayon(scene: &Scene) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(6)
        .build()
        .expect("a pool");
    assert_eq!(pool.broadcast(|_| attempts(scene)), [FREE; 6]);
    scene.enforce();
    assert_eq!(pool.broadcast(|_| attempts(scene)), [restricted(); 6]);
}
