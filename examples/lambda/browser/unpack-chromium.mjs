// Says where the package has put its Chromium. A process of its own: the package asks the environment where to unpack.
import chromium from '@sparticuz/chromium'

console.log(await chromium.executablePath())
