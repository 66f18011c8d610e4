// Pictures of an exported model on Android, with LiteRT.
//
// build.gradle.kts:   implementation("com.google.ai.edge.litert:litert:1.4.0")
// The model:          tfgen export RUN --to tflite --out exported
//                     copy exported/tflite/model.tflite to src/main/assets/model.tflite
//
// The file has the signature "sample": seed int32 [1] and temperature float32 [1] to images float32 [1, H, W, C] in
// [0, 1]. One seed gives the picture of `tfgen sample --seed`.

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Color
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.math.roundToInt
import org.tensorflow.lite.Interpreter

class Sampler(context: Context) : AutoCloseable {
    private val interpreter: Interpreter

    init {
        val bytes = context.assets.open("model.tflite").use { it.readBytes() }
        // LiteRT reads the model from memory outside of the Java heap.
        val model = ByteBuffer.allocateDirect(bytes.size).order(ByteOrder.nativeOrder()).put(bytes)
        model.rewind()
        interpreter = Interpreter(model, Interpreter.Options().setNumThreads(1))
    }

    /** The picture of a seed. A temperature below 1 gives more typical and less varied pictures. */
    fun sample(seed: Int, temperature: Float = 1f): Bitmap {
        val shape = interpreter.getOutputTensorFromSignature("images", "sample").shape()
        val (height, width, channels) = shape.drop(1)
        val images = Array(1) { Array(height) { Array(width) { FloatArray(channels) } } }
        val inputs = mapOf<String, Any>("seed" to intArrayOf(seed), "temperature" to floatArrayOf(temperature))
        interpreter.runSignature(inputs, mapOf<String, Any>("images" to images), "sample")
        val bitmap = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
        for (y in 0 until height) {
            for (x in 0 until width) {
                val levels = images[0][y][x].map { (255f * it).roundToInt() }
                // A grey picture has one channel.
                val (red, green, blue) = if (channels == 1) List(3) { levels[0] } else levels
                bitmap.setPixel(x, y, Color.rgb(red, green, blue))
            }
        }
        return bitmap
    }

    override fun close() = interpreter.close()
}
