import CastyCore
import CastyObservability
import CastyScenario
import Testing

@testable import CastyConsole

@Suite("Recordings of a running cluster")
struct RecordingTests {
    /// What an observer of a sample cluster has written in which n3 falls silent at 5 s, piece by piece.
    private static func pieces(seconds: Int = 15, nodes: Int = 4) throws -> [[UInt8]] {
        var cluster = SampleCluster(nodes: nodes)
        var writer = RecordingWriter()
        var pieces = [try writer.begin(RecordingHeader(cluster: "shop", addresses: ["127.0.0.1:7001"]))]
        var taken = 0
        for quarter in 0..<seconds * 4 {
            if quarter == 20 { cluster.silence(3, .killed) }
            let events = Array(cluster.events.dropFirst(taken))
            taken = cluster.events.count
            var snapshot = cluster.snapshot()
            snapshot.observer = ObserverSnapshot(
                clock: WallClock(milliseconds: 43_200_000, at: .start), contact: "n1",
                silent: quarter > 32 ? [.init(node: "n3", since: .start + .seconds(5))] : [])
            if quarter > 32, let index = snapshot.nodes.firstIndex(where: { $0.name == "n3" }) {
                snapshot.nodes[index].state = .silent
            }
            pieces.append(try writer.take(snapshot, events: events, missed: quarter == 8 ? 2 : 0))
            cluster.advance(.milliseconds(250))
        }
        return pieces
    }

    private static func whole(seconds: Int = 15) throws -> [UInt8] { try pieces(seconds: seconds).flatMap(\.self) }

    @Test("what is written is read: moments, curves, events by time, and what was missed")
    func roundTrip() throws {
        let recording = try Recording(try Self.whole())
        #expect(recording.header == RecordingHeader(cluster: "shop", addresses: ["127.0.0.1:7001"]))
        #expect(!recording.isTruncated)
        #expect(recording.missed == 2)
        #expect(recording.moments.first == .start)
        #expect(recording.moments.count >= 15)
        #expect(recording.events.map(\.time) == recording.events.map(\.time).sorted())
        #expect(recording.events.contains { $0.kind == .nodeKilled })
        let last = try #require(recording.moments.snapshot(at: recording.moments.count - 1))
        #expect(last.nodes.map(\.name) == ["n1", "n2", "n3", "n4"])
        #expect(last.observer?.silence(of: "n3") == "not answering since 12:00:05")
        // Four values a second, though there is one moment.
        let curve = recording.moments.past(at: recording.moments.count - 1).phi
            .values(observer: "n1", subject: "n3", count: 30)
        #expect(Set(curve.filter { !$0.isNaN }).count > 15)
    }

    @Test("a file that ends anywhere within its records is read up to there")
    func truncated() throws {
        let bytes = try Self.whole(seconds: 6)
        let complete = try Recording(bytes)
        var most = 0
        for length in stride(from: bytes.count - 1, to: bytes.count / 2, by: -97) {
            let recording = try Recording(Array(bytes[..<length]))
            #expect(recording.moments.count <= complete.moments.count)
            most = max(most, recording.moments.count)
            #expect(recording.moments.snapshot(at: recording.moments.count - 1) != nil)
        }
        #expect(most >= complete.moments.count - 1)
        #expect(try Recording(Array(bytes.dropLast(1))).isTruncated)
    }

    @Test("every changed byte is found, and said where, or is beyond what is kept")
    func damaged() throws {
        let bytes = try Self.whole(seconds: 3)
        for index in stride(from: 20, to: bytes.count, by: 131) {
            var damaged = bytes
            damaged[index] ^= 0x41
            let problem = #expect(throws: RecordingProblem.self) { try Recording(damaged) }
            #expect(problem?.code == .damaged)
            #expect(problem.map { $0.offset <= index } == true)
        }
    }

    @Test("other files, other versions and empty recordings are named")
    func others() throws {
        func code(_ bytes: [UInt8]) -> RecordingProblem.Code? {
            do throws(RecordingProblem) {
                _ = try Recording(bytes)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(code([]) == .notRecording)
        #expect(code(Array("nodes 3\nkill n2\n".utf8)) == .notRecording)
        #expect(code(Array("casty recording".utf8)) == .notRecording)
        #expect(code(Array("casty recording 2\n".utf8)) == .otherVersion)
        #expect(code(Array("casty recording 1\n".utf8)) == .empty)
        #expect(code(try Self.pieces()[0]) == .empty)
        #expect(!Recording.isRecording(Array("# A session at the console.\n".utf8)))
    }

    @Test("hostile records with right checksums are refused or shown, and never a trap", arguments: 0..<60)
    func hostile(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var cluster = SampleCluster(nodes: 3)
        cluster.advance(.seconds(1))
        var bytes = try RecordingWriter().begin(RecordingHeader(cluster: "x\u{1B}[2J", addresses: []))
        let first = try Moment(cluster.snapshot(), after: nil)
        let piece = PhiHistory.Piece(bucket: 4, curves: [])
        for _ in 0..<4 {
            var parts: [[UInt8]?] = first.parts
            let victim = Int(generator.next() % UInt64(parts.count))
            if var part = parts[victim], !part.isEmpty {
                for _ in 0...generator.next() % 4 {
                    part[Int(generator.next() % UInt64(part.count))] = UInt8(truncatingIfNeeded: generator.next())
                }
                parts[victim] = generator.next() % 8 == 0 ? nil : part
            }
            bytes += try RecordingFormat.record(
                .moment, MomentRecord(time: first.time, names: first.names, parts: parts, curves: piece))
        }
        guard let recording = try? Recording(bytes) else { return }
        var player = RecordingPlayer(recording)
        for _ in 0..<3 {
            var feed = ConsoleFeed()
            feed.take(player.snapshot, events: player.events(after: 0).events)
            var state = ConsoleState(options: ConsoleOptions(), mode: .recording)
            for pane in Pane.allCases {
                state.resize(width: 200, height: 60)
                state.focus(on: pane)
                #expect(Renderer.picture(feed, state).plainText().contains("\u{1B}") == false)
            }
            _ = SnapshotScenario(player.snapshot, title: recording.header.cluster).text
            _ = player.on(.step(1))
        }
    }

    @Test(
        "numbers that no cluster has are refused",
        arguments: [
            MomentRecord(time: .distantFuture, names: [], parts: [[]], curves: .init(bucket: 0, curves: [])),
            MomentRecord(time: .start - .seconds(1), names: [], parts: [[]], curves: .init(bucket: 0, curves: [])),
            MomentRecord(time: .start, names: nil, parts: [[]], curves: .init(bucket: 0, curves: [])),
            MomentRecord(time: .start, names: ["n1"], parts: [[]], curves: .init(bucket: 0, curves: [])),
            MomentRecord(time: .start, names: [], parts: [nil], curves: .init(bucket: 0, curves: [])),
            MomentRecord(
                time: .start, names: [], parts: [[]],
                curves: .init(bucket: 0, curves: [.init(observer: "a", subject: "b", last: .max, values: [1])])),
            MomentRecord(
                time: .start, names: [], parts: [[]],
                curves: .init(bucket: 0, curves: [.init(observer: "a", subject: "b", last: 0, values: [1, 2])])),
        ])
    func impossible(record: MomentRecord) throws {
        let bytes = try RecordingWriter().begin(RecordingHeader(cluster: "x", addresses: []))
        #expect(throws: RecordingProblem.self) { try Recording(bytes + RecordingFormat.record(.moment, record)) }
    }

    // MARK: - Showing it

    @Test("it begins a second before the first trouble, plays, steps, goes back, and stops at its ends")
    func player() throws {
        let recording = try Recording(try Self.whole())
        let killed = try #require(recording.events.first { $0.kind == .nodeKilled })
        var player = RecordingPlayer(recording)
        #expect(player.now == killed.time - .seconds(1))
        #expect(player.isPaused)
        #expect(!player.events(after: 0).events.contains { $0.kind == .nodeKilled })
        #expect(player.on(.step(10)) == nil)
        #expect(player.events(after: 0).events.contains { $0.kind == .nodeKilled })
        #expect(player.events(after: 0).dropped == 2)
        #expect(player.on(.back(10)) == nil)
        #expect(player.now == killed.time - .seconds(1))
        _ = player.on(.speed(2))
        _ = player.on(.play)
        player.advance(by: .seconds(2))
        #expect(player.now == killed.time + .seconds(3))
        player.advance(by: .seconds(100))
        #expect(player.now == player.last)
        #expect(player.isPaused)
        #expect(player.on(.play)?.kind == .refused)
        #expect(player.on(.seek(.seconds(2))) == nil)
        #expect(player.snapshot.time == .start + .seconds(2))
        #expect(player.snapshot.paused)
        _ = player.on(.seek(.zero))
        #expect(player.on(.back(1))?.text == "back: the recording begins here")
        #expect(player.on(.undo)?.text.contains("what was recorded has happened") == true)
    }

    @Test("the console shows it with the keys of a run, and refuses to change it")
    func console() throws {
        var player = RecordingPlayer(try Recording(try Self.whole()))
        var feed = ConsoleFeed()
        feed.take(player.snapshot, events: player.events(after: 0).events)
        var state = ConsoleState(options: ConsoleOptions(), mode: .recording)
        state.resize(width: 120, height: 40)
        state.focus(on: .events)
        #expect(state.handle(.left, feed: feed) == [.submit(.control(.back(10)))])
        #expect(state.handle(.character("K"), feed: feed) == [])
        #expect(state.dialogs.flash?.text.hasPrefix("kill: what was recorded has happened") == true)
        let offered =
            Footer.hints(state).map(\.word)
            + HelpOverlay.matches(HelpState(pane: .events), .recording, .standard).map(\.word)
        #expect(!offered.contains("kill"))
        #expect(offered.contains("pause"))
        state.dialogs.flash = nil
        let text = Renderer.picture(feed, state).plainText()
        #expect(text.contains(" RECORDING "))
        #expect(text.contains("PAUSED"))
        #expect(text.contains("12:00:04"))
        _ = player.on(.seek(.seconds(14)))
        feed.take(player.snapshot, events: player.events(after: UInt64(feed.eventCount)).events)
        #expect(Renderer.picture(feed, state).plainText().contains("not answering since 12:00:05"))
    }
}
