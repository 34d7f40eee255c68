import Foundation
import Testing

/// The program itself goes back and forth: a test process has other threads, and cannot be forked.
@Suite("Going back in time")
struct TravelTests {
    /// A running `casty travel`, with what it has printed.
    private final class Travel {
        let process = Process()
        let input = Pipe()
        let output = Pipe()

        init(_ lines: [String], nodes: Int = 3) throws {
            process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
                .appending(path: "casty")
            process.arguments = ["travel", "--nodes", "\(nodes)"] + lines
            process.standardInput = input
            process.standardOutput = output
            try process.run()
        }

        /// The results of the requests: the time that is shown, the number of events, and their digest.
        func results() -> [String] {
            var text = ""
            while !text.hasSuffix("end\n") {
                let data = output.fileHandleForReading.availableData
                if data.isEmpty { break }
                text += String(decoding: data, as: UTF8.self)
            }
            return text.split(separator: "\n").compactMap { line in
                line.range(of: "t=").map { String(line[$0.lowerBound...]) }
            }
        }

        /// The result of a further request; `nil` if the program ends instead.
        func ask(_ line: String) throws -> String? {
            try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
            let text = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            return text.range(of: "t=").map { String(text[$0.lowerBound...].dropLast()) }
        }

        /// Ends the program, and gives its exit code.
        func end() -> Int32 {
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
            return process.terminationStatus
        }

        /// All processes that come from this one, itself included.
        var processes: [Int32] {
            var found = [process.processIdentifier]
            var index = 0
            while index < found.count {
                let file = "/proc/\(found[index])/task/\(found[index])/children"
                let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
                found += text.split(separator: " ").compactMap { Int32($0) }
                index += 1
            }
            return found
        }

        static func isThere(_ process: Int32) -> Bool {
            let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
            return text.map { !$0.contains(") Z ") } ?? false
        }
    }

    private static let story = ["seek 5s", "kill n3", "seek 12s", "restart n3"]

    @Test("a run that went back and forth has the events of one that did not", .timeLimit(.minutes(10)))
    func digest() throws {
        let straight = try Travel(Self.story + ["seek 30s"])
        let travelled = try Travel(
            Self.story + ["seek 20s", "seek 8s", "seek 3s", "seek 16s", "seek 30s", "seek 29s", "back 5", "seek 30s"])
        let (expected, seen) = (straight.results(), travelled.results())
        #expect(expected.last?.hasPrefix("t=30.000") == true)
        #expect(seen.last == expected.last)
        try #require(seen.count == 12)
        // Both times at 30 s, however it got there.
        #expect(seen[8] == expected.last)
        #expect(seen[5].hasPrefix("t=8.000"))
    }

    @Test("another command after going back makes another run, not a mixture of both", .timeLimit(.minutes(10)))
    func branch() throws {
        let straight = try Travel(["seek 5s", "kill n2", "seek 20s"])
        let travelled = try Travel(
            ["seek 5s", "seek 9s", "kill n3", "seek 20s", "seek 5s", "kill n2", "seek 20s", "seek 6s", "seek 20s"])
        let (expected, seen) = (straight.results(), travelled.results())
        try #require(seen.count == 9)
        #expect(seen[6] == expected.last)
        #expect(seen.last == expected.last)
        #expect(seen[3] != expected.last)
    }

    @Test(
        "the processes are bounded, and all of them end with the console's, even if it is killed",
        .timeLimit(.minutes(10)))
    func processes() throws {
        let travel = try Travel(["seek 300s", "seek 10s", "seek 290s", "seek 100s"])
        #expect(travel.results().count == 4)
        let processes = travel.processes
        #expect(processes.count > 10)
        #expect(processes.count <= 64)
        for process in processes.dropFirst() {
            let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
            // Its channel, the three standard ones, and what a listing opens.
            #expect(descriptors.count <= 5, "\(process): \(descriptors)")
        }
        kill(travel.process.processIdentifier, SIGKILL)
        while processes.contains(where: Travel.isThere) { usleep(5000) }
        travel.process.waitUntilExit()
        #expect(travel.process.terminationStatus == SIGKILL)
    }

    @Test("without its checkpoints, a run goes back by beginning again", .timeLimit(.minutes(10)))
    func killed() throws {
        let expected = try Travel(["seek 30s"]).results().last
        let travel = try Travel(["seek 60s"])
        _ = travel.results()
        // This process, the first worker, the run; then the checkpoints.
        for process in travel.processes.dropFirst(3) { kill(process, SIGKILL) }
        #expect(try travel.ask("seek 30s") == expected)
        #expect(travel.end() == 0)
    }

    @Test("a watch goes with the run through time, and leaves its events alone", .timeLimit(.minutes(10)))
    func watched() throws {
        let expected = try Travel(Self.story.dropLast() + ["seek 30s"]).results().last
        let lines = ["seek 5s", "always n3 up", "kill n3", "seek 30s", "seek 6s", "seek 30s"]
        let seen = try Travel(lines).results()
        try #require(seen.count == 6)
        #expect(!seen[3].hasPrefix("t=30.000"))
        #expect(seen[4].hasPrefix("t=6.000"))
        #expect(seen[5] == expected)
    }

    @Test("the same hypothesis has the same futures, and the present is as without it", .timeLimit(.minutes(10)))
    func hypothesis() throws {
        let before = ["seek 5s", "spawn account-1..account-40", "seek 7s"]
        let expected = try Travel(before + ["seek 20s"]).results().last
        let travel = try Travel(before + ["what-if kill n2", "what-if kill n2", "seek 20s"])
        let seen = travel.results()
        try #require(seen.count == 10)
        #expect(seen[3] == seen[6])
        #expect(seen[4] == seen[7])
        #expect(seen[3].contains("as it is") && seen[3].contains("up: [\"n1\", \"n2\", \"n3\"]"))
        #expect(seen[4].contains("kill n2") && seen[4].contains("up: [\"n1\", \"n3\"]"))
        // The request is answered at the time and with the events that it was made at.
        #expect(seen[5] == seen[2])
        #expect(seen.last == expected)
        // The future without a change is the one that comes.
        let digest = try #require(expected?.split(separator: " ").last)
        let later = try #require(try travel.ask("what-if kill n3 for 100ms"))
        #expect(later.hasPrefix("t=20.100"))
        #expect(travel.end() == 0)
        let future = try Travel(before + ["what-if kill n3 vs kill n2 for 13s"]).results()
        #expect(future[3].contains("label: \"kill n3\"") && future[4].contains("label: \"kill n2\""))
        #expect(UInt64(digest, radix: 16) != nil)
    }

    @Test("two downing strategies are compared by repeating the run with each", .timeLimit(.minutes(10)))
    func strategies() throws {
        let before = ["seek 5s", "spawn account-1..account-40", "cut n1 | n2,n3", "seek 5500ms"]
        let expected = try Travel(before + ["seek 30s"]).results().last
        let travel = try Travel(
            before + ["what-if downing none", "seek 30s", "what-if downing none for 1s"])
        let seen = travel.results()
        // Before the first decision both are the same; afterwards the majority stays, or all do.
        let first = try #require(seen.firstIndex { $0.contains("as it is") })
        #expect(seen[first].contains("up: [\"n2\", \"n3\"]") && seen[first].contains("past: nil"))
        #expect(seen[first + 1].contains("label: \"set downing none\""))
        #expect(seen[first + 1].contains("up: [\"n1\", \"n2\", \"n3\"]") && seen[first + 1].contains("Past.same"))
        // From a moment after it, the repeated past is another one, and said to be.
        let second = try #require(seen.lastIndex { $0.contains("set downing none") })
        #expect(seen[second].contains("up: [\"n1\", \"n2\", \"n3\"]") && seen[second].contains("Past.differs(since:"))
        #expect(seen.contains { $0 == expected }, "the run itself is left as it is")
        #expect(travel.end() == 0)
    }

    @Test("a change that cannot be made is a message, and no copy of the run is left", .timeLimit(.minutes(10)))
    func impossible() throws {
        let travel = try Travel(["seek 5s", "what-if kill n2 for 5s"])
        #expect(travel.results().count == 4)
        let count = travel.processes.count
        #expect(try travel.ask("what-if kill n9") == nil)
        #expect(travel.end() == 1)
        #expect(count < 20)
    }

    @Test("a run that is killed is a message, not a trap", .timeLimit(.minutes(10)))
    func broken() throws {
        let travel = try Travel(["seek 10s"])
        _ = travel.results()
        kill(travel.processes[2], SIGKILL)
        #expect(try travel.ask("seek 30s") == nil)
        #expect(travel.end() == 1)
    }
}
