import CastyCore
import CastySQLite
import CastySharding
import Glibc

// Uses a folder until the test that runs it kills or stops it, and prints each step that the store has answered.
//
// StoreWriter FOLDER COUNT            saves states, one after the other, and prints the number of each
// StoreWriter FOLDER COUNT compact    waits for a line, then compacts until it has folded a file
let arguments = CommandLine.arguments
guard [3, 4].contains(arguments.count), let count = Int(arguments[2]) else { exit(64) }
func say(_ text: String) {
    print(text)
    fflush(nil)
}

do {
    let stores = try SQLiteStores(directory: arguments[1], compactsEvery: nil)
    guard arguments.count == 3 else {
        // The file of its own is there: the test may begin.
        say("ready")
        _ = readLine()
        for _ in 1...max(1, count) {
            let report = try await stores.compact()
            guard report.foldedFiles > 0 else {
                // A process that is about to be started has the locks of its parent for a moment.
                usleep(10_000)
                continue
            }
            say("folded \(report.foldedFiles)")
            break
        }
        exit(0)
    }
    let fence = ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: 1)
    for number in 1...max(1, count) {
        let key = EntityKey(type: "account", id: "account-\(number % 100)", shards: 1)
        try await stores.entities.save(Array("state \(number)".utf8), for: key, fence: fence)
        say("\(number)")
    }
} catch {
    say("error \(error)")
    exit(1)
}
