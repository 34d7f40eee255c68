import CastySQLite
import Glibc

// Writes states into a folder, one after the other, and says each number when the store has said that it is saved. The test that runs
// it kills it meanwhile.
guard CommandLine.arguments.count == 3, let count = Int(CommandLine.arguments[2]) else { exit(64) }
do {
    let stores = try SQLiteStores(directory: CommandLine.arguments[1])
    for number in 1...max(1, count) {
        try stores.entities.save(Array("state \(number)".utf8), type: "account", id: "account-\(number % 100)")
        print(number)
        fflush(nil)
    }
} catch {
    print("error \(error)")
    exit(1)
}
