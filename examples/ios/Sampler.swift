// Pictures of an exported model on iOS, with the Swift interface of LiteRT.
//
// Podfile:     pod 'TensorFlowLiteSwift', '~> 2.17'
// The model:   tfgen export RUN --to tflite --out exported
//              add exported/tflite/model.tflite to the app's bundle
//
// The file has the signature "sample": seed int32 [1] and temperature float32 [1] to images float32 [1, H, W, C] in
// [0, 1]. One seed gives the picture of `tfgen sample --seed`.

import Foundation
import TensorFlowLite

/// A picture: height × width × channels numbers in [0, 1], row by row.
struct Picture {
    let height: Int
    let width: Int
    let channels: Int
    let values: [Float]
}

final class Sampler {
    private let runner: SignatureRunner

    init(path: String) throws {
        runner = try Interpreter(modelPath: path).signatureRunner(with: "sample")
    }

    /// The picture of a seed. A temperature below 1 gives more typical and less varied pictures.
    func sample(seed: Int32, temperature: Float = 1) throws -> Picture {
        let inputs = [
            "seed": withUnsafeBytes(of: seed) { Data($0) },
            "temperature": withUnsafeBytes(of: temperature) { Data($0) },
        ]
        try runner.invoke(with: inputs)
        let images = try runner.output(named: "images")
        let values = images.data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let sides = images.shape.dimensions
        return Picture(height: sides[1], width: sides[2], channels: sides[3], values: values)
    }
}
