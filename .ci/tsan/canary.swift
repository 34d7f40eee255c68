// What the thread sanitizer must say nothing of, and, with the argument "race", what it must report: a lock that threads contend for guards one
// number always, and the other only where the program is right.
import Dispatch
import Synchronization

let hasRace = CommandLine.arguments.dropFirst().first == "race"
let guarded = Mutex(0)
nonisolated(unsafe) var number = 0

func work() {
    // Long enough that the others wait in the kernel for the lock.
    for step in 0..<2_000 where step.isMultiple(of: 3) { number &+= step }
}

DispatchQueue.concurrentPerform(iterations: 4) { _ in
    for _ in 0..<200 {
        guarded.withLock { count in
            count += 1
            if !hasRace { work() }
        }
        if hasRace { work() }
    }
}
print(guarded.withLock { $0 }, number)
