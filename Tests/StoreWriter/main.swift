import CastyCore
import CastySQLite
import CastySharding
import Glibc

// Writes states into a folder, one after the other, and prints each number when the store has answered that it is
// saved. The test that runs it kills or stops it meanwhile.
guard CommandLine.arguments.count == 3, let count = Int(CommandLine.arguments[2]) else { exit(64) }
do {
    let stores = try SQLiteStores(directory: CommandLine.arguments[1])
    let fence = ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: 1)
    for number in 1...max(1, count) {
        let key = EntityKey(type: "account", id: "account-\(number % 100)", shards: 1)
        try await stores.entities.save(Array("state \(number)".utf8), for: key, fence: fence)
        print(number)
        fflush(nil)
    }
} catch {
    print("error \(error)")
    exit(1)
}
