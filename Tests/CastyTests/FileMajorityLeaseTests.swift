import Casty
import Foundation
import Testing

@Suite("A lease in a file") struct FileMajorityLeaseTests {
    /// A file in a folder of its own, which goes with the test.
    final class Place {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lease-\(UUID().uuidString)")
        var path: String { folder.appendingPathComponent("lease").path }

        init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func write(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
        func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
    }

    static func claim(_ owner: String, _ losers: [String] = [], for duration: Duration = .seconds(3600)) -> LeaseClaim {
        LeaseClaim(owner: owner, losers: losers, duration: duration, memory: .seconds(7200))
    }

    static func ask(_ lease: FileMajorityLease, _ claim: LeaseClaim) async -> Result<Bool, LeaseError> {
        await withCheckedContinuation { continuation in lease.acquire(claim) { continuation.resume(returning: $0) } }
    }

    @Test("of many that ask at once one gets it, though each opens the file anew")
    func one() async throws {
        let place = try Place()
        let path = place.path
        let granted = await withTaskGroup(of: Bool.self) { group in
            for number in 1...20 {
                group.addTask {
                    await Self.ask(FileMajorityLease(path, patience: .seconds(30)), Self.claim("n\(number)"))
                        == .success(true)
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(granted == 1)
        #expect(!FileManager.default.fileExists(atPath: path + ".new"))
    }

    @Test("it is renewed, released, withdrawn, and runs out")
    func lifecycle() async throws {
        let place = try Place()
        let (first, second) = (FileMajorityLease(place.path), FileMajorityLease(place.path))
        #expect(await Self.ask(first, Self.claim("a", ["b"])) == .success(true))
        #expect(await Self.ask(first, Self.claim("a", ["c"])) == .success(true))
        #expect(await Self.ask(second, Self.claim("d")) == .success(false))
        first.release(owner: "a")
        #expect(await Self.ask(first, Self.claim("b")) == .success(false))
        #expect(await Self.ask(second, Self.claim("d", ["a"], for: .zero)) == .success(true))
        // It has run out already.
        #expect(await Self.ask(first, Self.claim("e", ["f"])) == .success(true))
        first.withdraw(owner: "e")
        #expect(await Self.ask(first, Self.claim("f")) == .success(true))
        let record = try second.contents().get()
        #expect(record.holder?.owner == "f")
        #expect(record.losers.map(\.name) == ["a", "b", "c"])
    }

    @Test("what is not a lease, or not a whole one, is an error and stays as it is")
    func malformed() async throws {
        let place = try Place()
        let lease = FileMajorityLease(place.path)
        _ = await Self.ask(lease, Self.claim("a", ["b", "c"]))
        let good = try place.text()
        let lines = good.split(separator: "\n").map(String.init)
        var bad = [
            "", "\n", "casty-lease 1\n", "nonsense", good + "\n", good.replacingOccurrences(of: " a ", with: " x "),
        ]
        bad += (1..<good.count).filter { $0 % 7 == 0 }.map { String(good.prefix($0)) }
        bad += lines.indices.map { skipped in
            lines.enumerated().filter { $0.offset != skipped }.map { $0.element + "\n" }.joined()
        }
        for text in bad {
            try place.write(text)
            guard case .failure(let error) = await Self.ask(lease, Self.claim("a")) else {
                Issue.record("taken for a lease: \(text)")
                continue
            }
            #expect(error.code == .malformed)
            #expect(try place.text() == text)
        }
        try place.write(good)
        #expect(await Self.ask(lease, Self.claim("a")) == .success(true))
    }

    @Test("a leftover of a crash in the middle of a write is no obstacle")
    func leftover() async throws {
        let place = try Place()
        let lease = FileMajorityLease(place.path)
        _ = await Self.ask(lease, Self.claim("a"))
        try "casty-lea".write(toFile: place.path + ".new", atomically: false, encoding: .utf8)
        #expect(await Self.ask(lease, Self.claim("b")) == .success(false))
        #expect(await Self.ask(lease, Self.claim("a")) == .success(true))
    }

    @Test("a folder that is not there, a lock that is kept, and a name with a space are errors of their kinds")
    func errors() async throws {
        let place = try Place()
        func code(_ result: Result<Bool, LeaseError>) -> LeaseError.Code? {
            if case .failure(let error) = result { error.code } else { nil }
        }
        let nowhere = FileMajorityLease(place.folder.appendingPathComponent("none/lease").path)
        #expect(code(await Self.ask(nowhere, Self.claim("a"))) == .unavailable)
        let lease = FileMajorityLease(place.path, patience: .zero)
        #expect(code(await Self.ask(lease, Self.claim("a b"))) == .badName)
        #expect(code(await Self.ask(lease, Self.claim("a", ["b\nc"]))) == .badName)
        let file = open(place.path + ".lock", O_RDWR | O_CREAT, 0o644)
        #expect(flock(file, LOCK_EX) == 0)
        #expect(code(await Self.ask(lease, Self.claim("a"))) == .busy)
        close(file)
        #expect(await Self.ask(lease, Self.claim("a")) == .success(true))
    }

    @Test("a node whose strategy needs a lease does not start without one")
    func missing() async throws {
        let place = NodeAddress(host: "127.0.0.1", port: 25_599)
        var config = ClusterConfig.lan(seeds: [place])
        config.downing = .leaseMajority()
        let error = await #expect(throws: NodeError.self) {
            try await CastyNode.start(name: "test", listen: place, cluster: config)
        }
        #expect(error?.code == .badSetting && error?.message.contains("majorityLease") == true)
    }
}
