export class DemoModel { readonly name="demo"; readonly demo=true; async *stream(): AsyncGenerator<never> {} }
