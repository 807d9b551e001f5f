/// Runs tasks on the thread of an ``EventLoop``.
///
/// `Task.immediate(executorPreference: loop.tasks)` starts at once on the loop's thread, and after each suspension
/// goes on there. It is an object of its own because a job must be run for the executor it was given to: one that came
/// from a task's preference and was run as an actor's job would go on in the global pool.
package final class LoopTaskExecutor: TaskExecutor {
    private let jobs: LoopJobs

    init(jobs: LoopJobs) {
        self.jobs = jobs
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        jobs.enqueue(.task(UnownedJob(job), asUnownedTaskExecutor()))
    }
}
