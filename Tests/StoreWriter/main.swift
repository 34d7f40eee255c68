import CastyCore
import CastySQLite
import CastySharding
import Glibc

// Uses a folder until the test that runs it kills or stops it, and prints each step that the store has answered.
//
// StoreWriter FOLDER COUNT            saves states, one after the other, and prints the number of each
// StoreWriter FOLDER COUNT compact    waits for a line, then compacts again and again, and prints how many files it has
//                                     folded
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
            say(report.isSkipped ? "skipped" : "folded \(report.foldedFiles)")
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
