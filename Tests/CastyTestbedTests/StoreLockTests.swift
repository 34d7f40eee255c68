import CastyActors
import CastyCore
import CastySimulator
import Synchronization
import Testing

@testable import CastyTestbed

@Suite("The lock of a disk that nodes share")
struct StoreLockTests {
    /// Operations in the order in which they went on.
    private final class Book: Sendable {
        let lock = StoreLock()
        private let names = Mutex<[String]>([])
        private let holders = Mutex<[String: StoreLock.Holder]>([:])

        var all: [String] { names.withLock { $0 } }

        func enter(_ name: String, of node: String, holds: Bool) async {
            let holder = await lock.enter(node, holds: holds)
            names.withLock { $0.append(name) }
            holders.withLock { $0[name] = holder }
        }

        func leave(_ name: String) { lock.leave(holders.withLock { $0[name] }) }
    }

    @Test("operations wait for the one that holds it, and go on in their order up to the next that holds it")
    func order() {
        let (book, world) = (Book(), SimulatedWorld(seed: 1))
        defer { world.dispose() }
        let node = world.node(name: "n1", address: NodeAddress(host: "127.0.0.1", port: 1))
        let system = ActorSystem(name: "test", address: node.address, world: node.world)
        func begin(_ name: String, of node: String, holds: Bool) {
            Task(executorPreference: system.tasks) { await book.enter(name, of: node, holds: holds) }
            world.run(until: world.now + .seconds(1))
        }
        func end(_ name: String) {
            book.leave(name)
            world.run(until: world.now + .seconds(1))
        }
        begin("free", of: "n1", holds: false)
        begin("first", of: "n1", holds: true)
        #expect(book.all == ["free", "first"])
        begin("waits", of: "n2", holds: false)
        begin("second", of: "n3", holds: true)
        begin("behind", of: "n2", holds: false)
        begin("lost", of: "n4", holds: true)
        begin("last", of: "n1", holds: false)
        // What holds nothing frees nothing.
        end("free")
        #expect(book.all == ["free", "first"])
        end("first")
        #expect(book.all == ["free", "first", "waits", "second"])
        #expect(book.lock.isHeld)
        // The ends of processes free it, and take back what they wait for.
        book.lock.end(of: "n4")
        book.lock.end(of: "n3")
        world.run(until: world.now + .seconds(1))
        #expect(book.all == ["free", "first", "waits", "second", "behind", "last"])
        #expect(!book.lock.isHeld)
        end("second")
        begin("again", of: "n2", holds: true)
        #expect(book.all.last == "again" && book.lock.isHeld)
    }
}
