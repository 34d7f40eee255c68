import CastySharding

/// Changes of a store one after the other, and what must be there after a crash in the middle of them.
///
/// The script runs again and again, with a crash at the first write, the second one and so on, until it ends without
/// one. Then every change that was acknowledged is there, the one that was under way is there as a whole or not at all,
/// and the next owner goes on. The method is that of SQLite's own crash tests, see https://sqlite.org/testing.html,
/// section 3.3.
struct CrashScript<Store: Sendable, Content: Equatable & Sendable>: Sendable {
    /// Where a run of the script writes, and as which owner.
    struct Run: Sendable {
        let type: String
        let fence: ShardFence
    }

    struct Step: Sendable {
        let name: String
        let run: @Sendable (Store, Run) async throws -> Void
        /// The same change of the content that is expected.
        let change: @Sendable (inout Content) -> Void
    }

    /// The most writes of one run.
    private static var limit: Int { 20_000 }

    /// What is there before the first step.
    let empty: Content
    let steps: [Step]
    /// Reads the content as an owner.
    let read: @Sendable (Store, Run) async throws -> Content
    /// Whether found content is what was expected.
    let agrees: @Sendable (_ found: Content, _ expected: Content) -> Bool

    func check(_ store: TestedStore<Store>, _ findings: Findings) async throws {
        guard let crashing = store.crashing else {
            throw Skip("the store offers no opener that crashes at a chosen write, see TestedStore")
        }
        for write in 1...Self.limit {
            let crash = await run(number: write, on: crashing)
            try await recover(from: crash, at: write, in: store, findings)
            guard crash.step != nil else {
                if write == 1 { findings.add("expected a crash at the first write, found that the opener writes on") }
                return
            }
            if !findings.all.isEmpty { return }
        }
        findings.add("expected a run without a crash after \(Self.limit) writes, found that it still crashes")
    }

    /// Where a run was when the store crashed, and what may be there then.
    private struct Crash {
        /// `nil` where there was none.
        var step: String?
        var before: Content
        var after: Content
    }

    private func run(number: Int, on crashing: TestedStore<Store>.OpenCrashing) async -> Crash {
        var crash = Crash(step: "the opening", before: empty, after: empty)
        let run = Run(type: "crash-\(number)", fence: token(1))
        do {
            let opener = try await crashing(number)
            for step in steps {
                crash.step = step.name
                step.change(&crash.after)
                try await step.run(opener, run)
                crash.before = crash.after
            }
            crash.step = nil
        } catch {
            // Whatever the error: a node that has crashed says none.
        }
        return crash
    }

    private func recover(
        from crash: Crash, at write: Int, in store: TestedStore<Store>, _ findings: Findings
    ) async throws {
        let what = crash.step.map { "after a crash at write \(write), in \($0)" } ?? "after all steps without a crash"
        let run = Run(type: "crash-\(write)", fence: token(2))
        do {
            let next = try await store.open()
            let found = try await read(next, run)
            if !agrees(found, crash.before), !agrees(found, crash.after) {
                let possible =
                    crash.before == crash.after
                    ? Findings.text(crash.before) : "\(Findings.text(crash.before)) or \(Findings.text(crash.after))"
                findings.add("\(what): expected \(possible), found \(Findings.text(found))")
            }
            findings.expect("\(what): what is read again", try await read(store.open(), run), is: found)
            // The next owner goes on beside what is left.
            let more = Run(type: "crash-\(write)-next", fence: token(2))
            var expected = empty
            for step in steps {
                step.change(&expected)
                try await step.run(next, more)
            }
            let left = try await read(store.open(), more)
            if !agrees(left, expected) {
                findings.add(
                    "\(what): expected \(Findings.text(expected)) of the next owner, found \(Findings.text(left))")
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            findings.add("\(what): expected that the next owner goes on, found the error: \(error)")
        }
    }
}
