package import CastyConsole
import Glibc

/// The folder of a saved moment.
package enum MomentFolder {
    /// The most folders of one name: `casty-seed1-9.0s-99` is the last.
    private static let most = 99

    /// Writes the files of a moment.
    ///
    /// - Parameters:
    ///   - moment: The files' contents.
    ///   - wanted: The folder, which may exist; `nil` for a new one in the working directory.
    ///   - film: A film to store in place of the single picture.
    /// - Returns: The folder.
    package static func write(
        _ moment: SavedMoment, into wanted: String?, film: String?
    ) throws(OutputFile.Failure) -> String {
        let folder = try make(wanted, moment.name)
        for file in SavedMoment.File.allCases {
            switch file {
            case .scenario: continue
            case .drawing: try OutputFile.write(moment.drawing, to: "\(folder)/\(file.rawValue)")
            case .story: try OutputFile.write(moment.story, to: "\(folder)/\(file.rawValue)")
            case .film: try OutputFile.write(film ?? moment.film, to: "\(folder)/\(file.rawValue)")
            }
        }
        return folder
    }

    private static func make(_ wanted: String?, _ name: String) throws(OutputFile.Failure) -> String {
        if let wanted {
            if mkdir(wanted, 0o755) == 0 || errno == EEXIST { return wanted }
            throw OutputFile.Failure(code: errno)
        }
        for number in 1...most {
            let folder = number == 1 ? name : "\(name)-\(number)"
            if mkdir(folder, 0o755) == 0 { return folder }
            guard errno == EEXIST else { throw OutputFile.Failure(code: errno) }
        }
        throw OutputFile.Failure(code: EEXIST)
    }
}
