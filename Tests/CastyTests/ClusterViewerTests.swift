import Foundation
import Testing

/// The example that is written with the library alone runs.
@Suite("The example console", .timeLimit(.minutes(10)))
struct ClusterViewerTests {
    @Test("shows a cluster of its own: its member, the gossip's version, its shards")
    func once() throws {
        let products = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let viewer = Process()
        viewer.executableURL = products.appending(path: "ClusterViewer")
        viewer.arguments = ["--once"]
        let pipe = Pipe()
        viewer.standardOutput = pipe
        viewer.standardError = FileHandle.nullDevice
        try viewer.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        viewer.waitUntilExit()
        #expect(viewer.terminationStatus == 0)
        for words in ["127.0.0.1:", "gossip ", "seen by 1 of 1, converged", "up, leader", "shards of clock"] {
            #expect(text.contains(words), "\(text) says \(words)")
        }
    }
}
