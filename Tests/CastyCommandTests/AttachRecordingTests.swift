import ArgumentParser
import CastyActors
import CastyCluster
import CastyConsole
import CastyCore
import CastyInvariants
import CastyObservability
import CastyScenario
import CastyTestbed
import Foundation
import Testing

@testable import CastyCommand

@Suite("Recording what an attached console sees")
struct AttachRecordingTests {
    private func withFile<Result>(_ body: (String) throws -> Result) rethrows -> Result {
        let path = NSTemporaryDirectory() + "casty-\(UUID().uuidString).rec"
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    @Test("what real nodes on loopback show is in the recording, up to the end", .timeLimit(.minutes(10)))
    func loopback() throws {
        let testbed = TestCluster(world: LiveClusterWorld(), settings: TestClusterSettings(), checkers: .all)
        try testbed.start([1, 2])
        defer { testbed.end() }
        for node in testbed.running { try ObservationService.start(on: node.system) }
        try withFile { path in
            let backend = try AttachedBackend.open(
                cluster: testbed.settings.cluster, seeds: [testbed.address(of: 1)], record: path)
            let wakeup = Wakeup()
            backend.whenChanged { wakeup.signal() }
            func seesBoth() -> Bool {
                let nodes = backend.latest().nodes
                return nodes.count == 2
                    && nodes.allSatisfy { $0.membership.converged && $0.membership.members.count == 2 }
            }
            while !seesBoth() { wakeup.wait(atMost: .milliseconds(100)) }
            #expect(backend.latest().nodes.allSatisfy { $0.state == .running })
            #expect(backend.latest().observer?.contact != nil)
            #expect(backend.latest().observer?.silent == [])
            let seen = backend.events(after: 0).events.map(\.id)
            backend.close()

            let recording = try #require(try RecordingFile.read(path))
            #expect(!recording.isTruncated)
            #expect(recording.header.cluster == testbed.settings.cluster)
            let last = try #require(recording.moments.snapshot(at: recording.moments.count - 1))
            #expect(last.nodes.count == 2)
            #expect(last.observer?.clock != nil)
            let recorded = Set(recording.events.map(\.id))
            #expect(seen.allSatisfy(recorded.contains))
            #expect(recording.events.contains { $0.kind == .memberUp })
            #expect(SnapshotScenario(last, title: "x").text?.contains("nodes 2") == true)
        }
    }

    @Test("a scenario is no recording, and a damaged recording ends with exit code 65")
    func kinds() throws {
        try withFile { path in
            try write(Array("nodes 3\n".utf8), to: path)
            #expect(try RecordingFile.read(path) == nil)
            try write(Array("casty recording 1\nrubbish rubbish rubbish".utf8), to: path)
            #expect(throws: ExitCode(65)) { try RecordingFile.read(path) }
            try write(Array("casty recording 9\n".utf8), to: path)
            #expect(throws: ExitCode(65)) { try RecordingFile.read(path) }
        }
        #expect(try RecordingFile.read("/nonexistent/file") == nil)
    }

    @Test("a recording that cannot be written is refused before the screen opens")
    func unwritable() {
        #expect(throws: RecordingError.self) {
            try AttachedBackend.open(
                cluster: "x", seeds: [NodeAddress(host: "127.0.0.1", port: 1)], record: "/nonexistent/file")
        }
    }

    @Test("a recording is played on the screen's requests, and every answer wakes it", .timeLimit(.minutes(10)))
    func plays() throws {
        let node = UniqueAddress(address: NodeAddress(host: "127.0.0.1", port: 7001), incarnation: 1)
        var writer = RecordingWriter()
        var bytes = try writer.begin(RecordingHeader(cluster: "shop", addresses: []))
        for second in 0..<10 {
            var snapshot = ClusterSnapshot(time: .start + .seconds(second), version: UInt64(second), nodes: [])
            snapshot.nodes = [NodeSnapshot(name: "7001", node: node, time: snapshot.time, version: UInt64(second))]
            bytes += try writer.take(snapshot, events: [], missed: 0)
        }
        let backend = RecordingBackend(RecordingPlayer(try Recording(bytes)), greeting: "hello", clock: .system)
        defer { backend.close() }
        let wakeup = Wakeup()
        backend.whenChanged { wakeup.signal() }
        #expect(backend.messages(after: 0).messages.map(\.text) == ["hello"])
        backend.submit(.control(.seek(.seconds(4))))
        while backend.latest().time != .start + .seconds(4) { wakeup.wait() }
        #expect(backend.latest().nodes.first?.version == 4)
        backend.submit(.control(.speed(64)))
        backend.submit(.control(.play))
        while backend.latest().time != .start + .seconds(9) { wakeup.wait() }
        #expect(backend.latest().paused)
        #expect(backend.takePast() != nil)
    }
}
